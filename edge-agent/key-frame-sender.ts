/** Key frames on their way to analysis: the newest of each camera wins, nothing waits for long. */
import { uuidv7 } from "#lib/ids.ts";
import type { Log } from "#lib/log.ts";
import { counted } from "./counted.ts";
import type { Server } from "./server-client.ts";

const AT_ONCE = 4;

export type KeyFrame = {
  camera_id: string;
  bytes: Uint8Array;
  captured_at_ms: number;
  /** Its plates are read here: it is for who wants the picture. */
  read_at_site?: true;
};
export type KeyFrames = {
  offer(frame: KeyFrame): void;
  /** How many of this camera nobody has looked at. */
  lost(camera_id: string): number;
  /** Since the start, of all cameras. */
  sent(): { frames: number; bytes: number };
};

export const keyFrames = (server: Pick<Server, "ingest">, now: () => number, log: Log): KeyFrames => {
  const waiting = new Map<string, KeyFrame>();
  const lost = counted();
  const sent = { frames: 0, bytes: 0 };
  let sending = 0;
  const next = (): void => {
    const [first] = waiting.values();
    if (!first || sending >= AT_ONCE) return;
    waiting.delete(first.camera_id);
    sending += 1;
    server
      .ingest(headersOf(first, now()), first.bytes)
      .then(() => {
        sent.frames += 1;
        sent.bytes += first.bytes.byteLength;
      })
      .catch((error: unknown) => {
        lost.add(first.camera_id);
        log.debug("key frame lost", { camera_id: first.camera_id, error });
      })
      .finally(() => {
        sending -= 1;
        next();
      });
  };
  return {
    offer(frame) {
      if (waiting.has(frame.camera_id)) lost.add(frame.camera_id);
      waiting.delete(frame.camera_id);
      waiting.set(frame.camera_id, frame);
      next();
    },
    lost: lost.of,
    sent: () => ({ ...sent }),
  };
};

const headersOf = ({ camera_id, captured_at_ms, read_at_site }: KeyFrame, now: number): Record<string, string> => ({
  "content-type": "video/h264",
  "x-camera-id": camera_id,
  "x-frame-id": uuidv7(now),
  "x-captured-at": String(captured_at_ms),
  ...(read_at_site ? { "x-read-at-site": "true" } : {}),
});
