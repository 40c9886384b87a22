/** One video element that shows one camera live: attaches streams, chases the live edge, and knows what is on the glass. */
import type { LiveEndCause } from "#lib/wire/console.ts";
import { createAttachment } from "./attachment.ts";
import { createGlass } from "./glass.ts";
import type { Link } from "./link.ts";
import { tileVerdict, type TileState, type Verdict } from "./tile-state.ts";

export type TileView = Verdict & {
  /** Server time now − capture time of the picture on the glass. */
  age_ms: number | null;
  captured_at_ms: number | null;
};

export type TilePlayer = { stop(): void };

const LOOK_MS = 100;
/** Behind the newest frame by more than this: jump. Between: play a little faster, which nobody sees. */
const JUMP_SECONDS = 1;
const HURRY_SECONDS = 0.3;
const CALM_SECONDS = 0.15;
const JUMP_PAUSE_MS = 1500;
/** What the agents say every two seconds is worth nothing when it is older than this. */
const STATE_KEPT_MS = 10_000;

type Shown = { ended: LiveEndCause | null; fault: "undecodable" | "forbidden" | null; state: TileState };

export const createTilePlayer = (
  video: HTMLVideoElement,
  camera_id: string,
  link: Link,
  show: (view: TileView) => void,
): TilePlayer => {
  const glass = createGlass(video, { server: link.now, monotonic: () => performance.now() }, () => look());
  const attached = createAttachment(video);
  const shown: Shown = { ended: null, fault: null, state: "connecting" };
  let jumpedAt = 0;

  const unwatch = link.watch(camera_id, {
    onSource(source) {
      shown.fault = null;
      glass.clear();
      attached.attach(source);
    },
    onFrame: glass.add,
    onEnd(cause) {
      shown.ended = cause;
    },
    onFault(kind) {
      if (kind !== "player") shown.fault = kind;
    },
  });
  const look = (): void => {
    const verdict = tileVerdict({ ...lineFacts(link, camera_id), ...shown, ...glass.facts() }, shown.state);
    shown.state = verdict.state;
    show({ ...verdict, age_ms: glass.facts().age_ms, captured_at_ms: glass.captured() });
  };
  const chase = (): void => {
    const now = performance.now();
    if (chaseEdge(video, now - jumpedAt > JUMP_PAUSE_MS)) jumpedAt = now;
    look();
  };
  const timer = setInterval(chase, LOOK_MS);
  // The timer of a hidden page may sleep for a minute: whoever comes back sees at once what is old.
  document.addEventListener("visibilitychange", chase);
  return {
    stop() {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", chase);
      glass.stop();
      unwatch();
      attached.detach();
    },
  };
};

const lineFacts = (link: Link, camera_id: string) => {
  const known = link.cameras.get().get(camera_id);
  const isFresh = known !== undefined && performance.now() - known.heard_at < STATE_KEPT_MS;
  return {
    linked: link.state.get().linked,
    status: isFresh ? known.status : null,
    status_cause: isFresh ? known.cause : null,
  };
};

/** Says whether it jumped. */
const chaseEdge = (video: HTMLVideoElement, mayJump: boolean): boolean => {
  const { buffered } = video;
  if (buffered.length === 0) return false;
  if (video.paused) void video.play().catch(() => undefined);
  const edge = buffered.end(buffered.length - 1);
  const begin = buffered.start(buffered.length - 1);
  const behind = edge - video.currentTime;
  if ((behind > JUMP_SECONDS || behind < -JUMP_SECONDS || video.currentTime < begin) && mayJump) {
    video.currentTime = Math.max(begin, edge - CALM_SECONDS);
    return true;
  }
  if (behind > HURRY_SECONDS) video.playbackRate = 1.12;
  else if (behind < CALM_SECONDS) video.playbackRate = 1;
  return false;
};
