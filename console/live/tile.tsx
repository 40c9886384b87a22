import { useEffect, useEffectEvent, useRef, useState, type RefObject } from "react";
import { Link as RouteLink } from "@tanstack/react-router";
import { CircleX, Disc, Hourglass, Pause, TriangleAlert } from "lucide-react";
import type { Camera } from "#functions/cidades/contract.ts";
import { useMessages } from "#console/messages/language.tsx";
import type { Messages } from "#console/messages/pt-br.ts";
import { useCity } from "#console/ui/city.tsx";
import { clockText, durationText, secondsText } from "#console/ui/format.ts";
import { useLink } from "./link-context.tsx";
import { useRecordingSign } from "./recording-sign.ts";
import { createTilePlayer, type TileView } from "./tile-player.ts";
import type { Verdict } from "./tile-state.ts";

const icons = { connecting: Hourglass, live: null, delayed: TriangleAlert, frozen: Pause, offline: CircleX };
/** How long the cover stays away without being told to: a page that hangs turns its tiles grey by itself. */
const COVER_MS = 2500;
const COVER_EVERY_MS = 250;

export const Tile = ({ camera, isLink = true }: { camera: Camera; isLink?: boolean }) => {
  const m = useMessages();
  const root = useRef<HTMLElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const cover = useRef<HTMLDivElement>(null);
  const age = useRef<HTMLSpanElement>(null);
  const { state, cause } = useLivePicture(camera.id, { root, video, cover, age });
  const Icon = icons[state];
  const word = m.live.states[state];
  return (
    <article
      ref={root}
      className={`tile tile-${state}`}
      data-testid="tile"
      data-camera-id={camera.id}
      data-state="connecting"
      data-age-ms=""
      aria-label={m.live.tile(camera.nome, word)}
    >
      <video ref={video} muted playsInline disablePictureInPicture tabIndex={-1} aria-label={camera.nome} />
      <div ref={cover} className="tile-cover" aria-hidden="true" />
      <div className="tile-strip">
        <TileName camera={camera} isLink={isLink} />
        <TileRecording camera={camera} />
      </div>
      <div className="tile-state">
        {Icon ? <Icon size={14} aria-hidden="true" /> : null}
        <strong data-testid="tile-word">{word}</strong>
        <span ref={age} className="tile-age" data-testid="tile-age" />
      </div>
      {cause === null ? null : (
        <p className="tile-cause" data-testid="tile-cause">
          {m.causes[cause]}
        </p>
      )}
    </article>
  );
};

const TileName = ({ camera, isLink }: { camera: Camera; isLink: boolean }) => {
  const m = useMessages();
  if (!isLink) return <span className="tile-name">{camera.nome}</span>;
  return (
    <RouteLink
      to="/cameras/$cameraId"
      params={{ cameraId: camera.id }}
      className="tile-name"
      aria-label={m.live.open(camera.nome)}
    >
      {camera.nome}
    </RouteLink>
  );
};

const TileRecording = ({ camera }: { camera: Camera }) => {
  const m = useMessages();
  const sign = useRecordingSign(camera);
  if (sign === "recording") return <Disc size={14} role="img" aria-label={m.live.recording} />;
  return <span className="dim small">{m.live.recordings[sign]}</span>;
};

type Parts = {
  root: RefObject<HTMLElement | null>;
  video: RefObject<HTMLVideoElement | null>;
  cover: RefObject<HTMLDivElement | null>;
  age: RefObject<HTMLSpanElement | null>;
};

/** The attributes and the age change ten times a second and are written past React; the words only when they change. */
const useLivePicture = (camera_id: string, { root, video, cover, age }: Parts): Verdict => {
  const m = useMessages();
  const { city } = useCity();
  const link = useLink();
  const [verdict, setVerdict] = useState<Verdict>({ state: "connecting", cause: null });
  const show = useEffectEvent((view: TileView): void => {
    const [box, text] = [root.current, age.current];
    if (!box || !text) return;
    box.dataset["state"] = view.state;
    box.dataset["cause"] = view.cause ?? "";
    box.dataset["ageMs"] = view.age_ms === null ? "" : String(Math.round(view.age_ms));
    const line = ageText(m, city.fuso_horario, view);
    if (text.textContent !== line) text.textContent = line;
    setVerdict((before) => (before.state === view.state && before.cause === view.cause ? before : view));
  });
  useEffect(() => {
    const [element, over] = [video.current, cover.current];
    if (!element || !over) return;
    const lift = deadMansCover(over);
    const player = createTilePlayer(element, camera_id, link, (view) => {
      if (view.state === "live" || view.state === "delayed") lift();
      show(view);
    });
    return () => player.stop();
  }, [camera_id, link, video, cover]);
  return verdict;
};

const ageText = (m: Messages, zone: string, { state, age_ms, captured_at_ms }: TileView): string => {
  if (age_ms === null || captured_at_ms === null) return "";
  if (state === "live" || state === "delayed") return m.live.age(secondsText(m.locale, age_ms));
  return m.live.frozenFor(durationText(age_ms), clockText(m.locale, zone, captured_at_ms));
};

/**
 * An animation that would darken the tile, sent back to its beginning as long as pictures are fresh. The browser runs it
 * apart from this page, so that it goes on where the page does not.
 */
const deadMansCover = (element: HTMLElement): (() => void) => {
  const frames = [{ opacity: 0 }, { opacity: 0, offset: 0.96 }, { opacity: 1 }];
  const animation = element.animate(frames, { duration: COVER_MS, fill: "both" });
  let liftedAt = 0;
  return () => {
    const now = performance.now();
    if (now - liftedAt < COVER_EVERY_MS) return;
    liftedAt = now;
    animation.currentTime = 0;
    if (animation.playState !== "running") animation.play();
  };
};
