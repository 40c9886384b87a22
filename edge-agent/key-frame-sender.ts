/** Key frames on their way to analysis: the newest of each camera wins, nothing waits for long. */
import { uuidv7 } from "#lib/ids.ts";
import type { Log } from "#lib/log.ts";
import type { Server } from "./server-client.ts";

const AT_ONCE = 4;

export type KeyFrame = { camera_id: string; bytes: Uint8Array; captured_at_ms: number };
export type KeyFrames = { offer(frame: KeyFrame): void; lost(): number };

export const keyFrames = (server: Pick<Server, "ingest">, now: () => number, log: Log): KeyFrames => {
  const waiting = new Map<string, KeyFrame>();
  let sending = 0;
  let lost = 0;
  const next = (): void => {
    const [first] = waiting.values();
    if (!first || sending >= AT_ONCE) return;
    waiting.delete(first.camera_id);
    sending += 1;
    const headers = {
      "content-type": "video/h264",
      "x-camera-id": first.camera_id,
      "x-frame-id": uuidv7(now()),
      "x-captured-at": String(first.captured_at_ms),
    };
    server
      .ingest(headers, first.bytes)
      .catch((error: unknown) => {
        lost += 1;
        log.debug("key frame lost", { camera_id: first.camera_id, error });
      })
      .finally(() => {
        sending -= 1;
        next();
      });
  };
  return {
    offer(frame) {
      if (waiting.has(frame.camera_id)) lost += 1;
      waiting.delete(frame.camera_id);
      waiting.set(frame.camera_id, frame);
      next();
    },
    lost: () => lost,
  };
};
