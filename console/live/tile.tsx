import { useEffect, useRef, useState } from "react";
import { Link as RouteLink } from "@tanstack/react-router";
import { CircleX, Disc, Hourglass, Pause, TriangleAlert } from "lucide-react";
import type { Camera } from "#functions/cidades/contract.ts";
import { useMessages } from "#console/messages/language.tsx";
import type { Messages } from "#console/messages/pt-br.ts";
import { useCity } from "#console/ui/city.tsx";
import { clockText, durationText, secondsText } from "#console/ui/format.ts";
import { useLink } from "./link-context.tsx";
import { createTilePlayer, type TileView } from "./tile-player.ts";
import type { Verdict } from "./tile-state.ts";

const icons = { connecting: Hourglass, live: null, delayed: TriangleAlert, frozen: Pause, offline: CircleX };
/** How long the cover stays away without being told to: a page that hangs turns its tiles grey by itself. */
const COVER_MS = 2500;
const COVER_EVERY_MS = 250;

/** The attributes and the age change ten times a second and are written past React; the words only when they change. */
export const Tile = ({ camera, isLink = true }: { camera: Camera; isLink?: boolean }) => {
  const m = useMessages();
  const { city } = useCity();
  const link = useLink();
  const root = useRef<HTMLElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const cover = useRef<HTMLDivElement>(null);
  const age = useRef<HTMLSpanElement>(null);
  const [verdict, setVerdict] = useState<Verdict>({ state: "connecting", cause: null });
  const words = useRef({ m, zone: city.fuso_horario });
  words.current = { m, zone: city.fuso_horario };

  useEffect(() => {
    const [box, element, over, text] = [root.current, video.current, cover.current, age.current];
    if (!box || !element || !over || !text) return;
    const lift = deadMansCover(over);
    const player = createTilePlayer(element, camera.id, link, (view) => {
      box.dataset["state"] = view.state;
      box.dataset["cause"] = view.cause ?? "";
      box.dataset["ageMs"] = view.age_ms === null ? "" : String(Math.round(view.age_ms));
      const line = ageText(words.current.m, words.current.zone, view);
      if (text.textContent !== line) text.textContent = line;
      if (view.state === "live" || view.state === "delayed") lift();
      setVerdict((before) => (before.state === view.state && before.cause === view.cause ? before : view));
    });
    return () => player.stop();
  }, [camera.id, link]);

  const Icon = icons[verdict.state];
  const word = m.live.states[verdict.state];
  return (
    <article
      ref={root}
      className={`tile tile-${verdict.state}`}
      data-testid="tile"
      data-camera-id={camera.id}
      data-state="connecting"
      data-age-ms=""
      aria-label={m.live.tile(camera.nome, word)}
    >
      <video ref={video} muted playsInline disablePictureInPicture tabIndex={-1} aria-label={camera.nome} />
      <div ref={cover} className="tile-cover" aria-hidden="true" />
      <div className="tile-strip">
        {isLink ? (
          <RouteLink to="/cameras/$cameraId" params={{ cameraId: camera.id }} className="tile-name" aria-label={m.live.open(camera.nome)}>
            {camera.nome}
          </RouteLink>
        ) : (
          <span className="tile-name">{camera.nome}</span>
        )}
        {camera.recording ? (
          <Disc size={14} role="img" aria-label={camera.status === "DISCO_CHEIO" ? m.live.diskFull : m.live.recording} />
        ) : (
          <span className="dim small">{m.live.notRecording}</span>
        )}
      </div>
      <div className="tile-state">
        {Icon ? <Icon size={14} aria-hidden="true" /> : null}
        <strong data-testid="tile-word">{word}</strong>
        <span ref={age} className="tile-age" data-testid="tile-age" />
      </div>
      {verdict.cause === null ? null : (
        <p className="tile-cause" data-testid="tile-cause">
          {m.causes[verdict.cause]}
        </p>
      )}
    </article>
  );
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
