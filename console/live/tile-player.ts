/** One video element that shows one camera live: attaches streams, chases the live edge, and knows what is on the glass. */
import type { LiveEndCause } from "#lib/wire/console.ts";
import type { Link } from "./link.ts";
import { createPresentedFrames } from "./presented-frames.ts";
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

export const createTilePlayer = (
  video: HTMLVideoElement,
  camera_id: string,
  link: Link,
  show: (view: TileView) => void,
): TilePlayer => {
  const frames = createPresentedFrames();
  const attached = createAttachment(video);
  let ended: LiveEndCause | null = null;
  let fault: "undecodable" | "forbidden" | null = null;
  let newest = Number.NEGATIVE_INFINITY;
  let onGlass: number | null = null;
  let newAt: number | null = null;
  let state: TileState = "connecting";
  let jumpedAt = 0;

  const unwatch = link.watch(camera_id, {
    onSource(source) {
      frames.clear();
      attached.attach(source);
    },
    onFrame: (media_seconds, captured_at_ms) => frames.add(media_seconds, captured_at_ms),
    onEnd(cause) {
      ended = cause;
    },
    onFault(kind) {
      if (kind !== "player") fault = kind;
    },
  });

  const onPresented = (_now: number, { mediaTime }: VideoFrameCallbackMetadata): void => {
    handle = video.requestVideoFrameCallback(onPresented);
    const captured = frames.find(mediaTime);
    onGlass = captured;
    // A jump back, or the same picture again, is no sign of life.
    if (captured !== null && captured > newest) {
      newest = captured;
      newAt = performance.now();
    }
    look();
  };
  const look = (): void => {
    const now = performance.now();
    const server = link.now();
    const known = link.cameras.get().get(camera_id);
    const isFresh = known !== undefined && now - known.heard_at < STATE_KEPT_MS;
    const age_ms = server === null || onGlass === null ? null : Math.max(0, server - onGlass);
    const facts = {
      linked: link.state.get().linked,
      status: isFresh ? known.status : null,
      status_cause: isFresh ? known.cause : null,
      ended,
      fault,
      age_ms,
      since_new_ms: newAt === null ? null : now - newAt,
    };
    const verdict = tileVerdict(facts, state);
    state = verdict.state;
    show({ ...verdict, age_ms, captured_at_ms: onGlass });
  };
  const chase = (): void => {
    const now = performance.now();
    if (chaseEdge(video, now - jumpedAt > JUMP_PAUSE_MS)) jumpedAt = now;
    look();
  };

  let handle = video.requestVideoFrameCallback(onPresented);
  const timer = setInterval(chase, LOOK_MS);
  return {
    stop() {
      clearInterval(timer);
      video.cancelVideoFrameCallback(handle);
      unwatch();
      attached.detach();
    },
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

/** A MediaSource of the page is shown by an address that has to be given back; one of the worker by its handle. */
export const createAttachment = (video: HTMLVideoElement) => {
  let address: string | null = null;
  const detach = (): void => {
    if (address) URL.revokeObjectURL(address);
    address = null;
    video.srcObject = null;
    video.removeAttribute("src");
    video.load();
  };
  return {
    attach(source: MediaSource | MediaSourceHandle): void {
      detach();
      if (source instanceof MediaSource) {
        address = URL.createObjectURL(source);
        video.src = address;
      } else {
        video.srcObject = source as unknown as MediaProvider;
      }
    },
    detach,
  };
};
