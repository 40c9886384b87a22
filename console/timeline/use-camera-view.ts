/** What a camera's page shows: live or an instant, of which day. It stands in the address, so that a reload finds it again. */
import { useCallback, useEffect, useEffectEvent, useMemo, useRef, useState, type RefObject } from "react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { createStore, type Store } from "#console/ui/store.ts";
import { dayBounds, dayOf, fromLocal, isDay, localText, type Bounds } from "./days.ts";
import { startFor, type Span } from "./geometry.ts";
import type { RecordedPlayer } from "./recorded-player.ts";
import type { Line } from "./timeline-query.ts";

export type CameraView = {
  day: string;
  bounds: Bounds;
  /** Where the recording that is shown began or was last sent to; null: live. */
  at: number | null;
  /** Of the picture on the glass; null: live. */
  playhead: Store<number | null>;
  onPlayer(player: RecordedPlayer | null): void;
  /** What was gone over, or could not be shown and what is shown instead; said for a while. */
  skipped: Span | null;
  setSkipped(span: Span | null): void;
  isPlaying: boolean;
  setPlaying(on: boolean): void;
  seek(ms: number, line: Line): void;
  goLive(): void;
  showDay(day: string): void;
};

/** So often the address learns where playing has come to. */
const WRITE_MS = 5000;
/** Nearer to now than this, what is asked for is the live picture. */
const LIVE_MS = 2000;

export const useCameraView = (camera_id: string, zone: string, now: number): CameraView => {
  const search = useSearch({ strict: false }) as { at?: string; day?: string };
  const at = instantIn(search.at);
  const [playhead] = useState(() => createStore<number | null>(at));
  const [isPlaying, setPlaying] = useState(true);
  const [skipped, setSkipped] = useState<Span | null>(null);
  const player = useRef<RecordedPlayer | null>(null);
  const day = search.day !== undefined && isDay(search.day) ? search.day : dayOf(at ?? now, zone);
  const bounds = useMemo(() => dayBounds(day, zone), [day, zone]);
  const onPlayer = useCallback((made: RecordedPlayer | null): void => {
    player.current = made;
  }, []);
  const { goTo, showDay } = useAddress(camera_id, zone, at, playhead, player);

  return {
    day,
    bounds,
    at,
    playhead,
    onPlayer,
    skipped,
    setSkipped,
    isPlaying,
    setPlaying,
    seek(ms, line) {
      if (ms >= now - LIVE_MS) return goTo(null);
      const start = ms < bounds.from || ms >= bounds.to ? ms : startFor(line.spans, ms);
      setSkipped(start === null || start === ms ? null : { from: ms, to: start });
      goTo(Math.round(start ?? ms));
    },
    goLive() {
      setPlaying(true);
      goTo(null);
    },
    showDay,
  };
};

/** What stands in the address and what is shown, each following the other. */
const useAddress = (
  camera_id: string,
  zone: string,
  at: number | null,
  playhead: Store<number | null>,
  player: RefObject<RecordedPlayer | null>,
) => {
  const write = useWrite(camera_id, zone);
  const written = useRef(at);
  const goTo = useCallback(
    (ms: number | null): void => {
      written.current = ms;
      playhead.set(ms);
      write(ms);
      if (ms !== null) player.current?.seek(ms);
    },
    [playhead, player, write],
  );
  // Somebody went back in the browser's history, or followed a link to another instant of this camera.
  useEffect(() => {
    if (at === written.current) return;
    written.current = at;
    playhead.set(at);
    if (at !== null) player.current?.seek(at);
  }, [at, playhead, player]);
  const keep = useEffectEvent((): void => {
    const shown = playhead.get();
    if (shown === null || Math.abs(shown - (written.current ?? 0)) < 1000) return;
    written.current = Math.round(shown);
    write(written.current);
  });
  useEffect(() => {
    if (at === null) return;
    const timer = setInterval(() => keep(), WRITE_MS);
    return () => clearInterval(timer);
  }, [at]);
  /** The same time of another day; who watches live goes on doing so above its line. */
  const showDay = (day: string): void => {
    const shown = playhead.get();
    if (shown === null) write(null, day);
    else goTo(fromLocal(`${day}T${localText(shown, zone).slice(11)}`, zone));
  };
  return { goTo, showDay };
};

const instantIn = (text: string | undefined): number | null => {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
};

/** `day`: another than that of the instant. */
const useWrite = (cameraId: string, zone: string) => {
  const navigate = useNavigate();
  return useCallback(
    (at: number | null, day?: string): void => {
      const shown = day ?? (at === null ? undefined : dayOf(at, zone));
      void navigate({
        to: "/cameras/$cameraId",
        params: { cameraId },
        search: (before) => ({ ...before, at: at === null ? undefined : new Date(at).toISOString(), day: shown }),
        replace: true,
        resetScroll: false,
      });
    },
    [navigate, cameraId, zone],
  );
};
