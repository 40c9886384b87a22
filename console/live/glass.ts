/** What is on the glass: told by the browser for each frame it presents, never by what was sent to it. */
import { createPresentedFrames } from "./presented-frames.ts";

/** A picture from the future has a wrong stamp, and no age. Clocks may differ by less. */
const AHEAD_MS = 1000;

type Video = Pick<HTMLVideoElement, "requestVideoFrameCallback" | "cancelVideoFrameCallback">;

export const createGlass = (
  video: Video,
  now: { server(): number | null; monotonic(): number },
  onPresented: () => void,
) => {
  const frames = createPresentedFrames();
  let newest = Number.NEGATIVE_INFINITY;
  let onGlass: number | null = null;
  let newAt: number | null = null;
  /** Presented before the word of its capture time has come from the worker. */
  let untold: number | null = null;
  const look = (media_seconds: number): void => {
    const captured = frames.find(media_seconds);
    const server = now.server();
    untold = captured === null ? media_seconds : null;
    // Of unknown time: what was known of the picture before it holds on, and grows old.
    if (captured === null || server === null || captured > server + AHEAD_MS) return;
    onGlass = captured;
    // A jump back, or the same picture again, is no sign of life.
    if (captured <= newest) return;
    newest = captured;
    newAt = now.monotonic();
  };
  const present = (_now: number, { mediaTime }: VideoFrameCallbackMetadata): void => {
    handle = video.requestVideoFrameCallback(present);
    look(mediaTime);
    onPresented();
  };
  let handle = video.requestVideoFrameCallback(present);
  return {
    add(media_seconds: number, captured_at_ms: number) {
      frames.add(media_seconds, captured_at_ms);
      if (untold !== null) look(untold);
    },
    clear() {
      frames.clear();
      untold = null;
    },
    captured: () => onGlass,
    facts() {
      const server = now.server();
      return {
        age_ms: server === null || onGlass === null ? null : Math.max(0, server - onGlass),
        since_new_ms: newAt === null ? null : now.monotonic() - newAt,
      };
    },
    stop: () => video.cancelVideoFrameCallback(handle),
  };
};
