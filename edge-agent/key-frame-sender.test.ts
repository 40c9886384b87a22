import { expect, test } from "vitest";
import { noLog } from "#lib/log.ts";
import { keyFrames, type KeyFrame } from "./key-frame-sender.ts";

const frame = (camera_id: string, captured_at_ms: number, more: Partial<KeyFrame> = {}): KeyFrame => ({
  camera_id,
  captured_at_ms,
  bytes: Buffer.from("key frame"),
  ...more,
});

test("a frame says when it was taken, and that it was read here only where it was", async () => {
  const asked: Record<string, string>[] = [];
  const frames = keyFrames({ ingest: async (headers) => void asked.push(headers) }, Date.now, noLog);
  frames.offer(frame("a", 1000));
  frames.offer(frame("b", 2000, { read_at_site: true }));
  expect(asked).toMatchObject([
    { "x-camera-id": "a", "x-captured-at": "1000", "content-type": "video/h264" },
    { "x-camera-id": "b", "x-captured-at": "2000", "x-read-at-site": "true" },
  ]);
  expect(asked[0]).not.toHaveProperty("x-read-at-site");
});

test("of a camera that waits the newest frame is sent, and what it took the place of is counted for that camera", async () => {
  const sending: { camera: string; at: string; end: PromiseWithResolvers<void> }[] = [];
  const ingest = (headers: Record<string, string>): Promise<void> => {
    const end = Promise.withResolvers<void>();
    sending.push({ camera: headers["x-camera-id"] ?? "", at: headers["x-captured-at"] ?? "", end });
    return end.promise;
  };
  const frames = keyFrames({ ingest }, Date.now, noLog);
  for (const camera of ["a", "b", "c", "d"]) frames.offer(frame(camera, 1));
  for (const at of [1, 2, 3]) frames.offer(frame("e", at));
  expect([frames.lost("e"), frames.lost("a")]).toEqual([2, 0]);
  sending[0]?.end.reject(new Error("cut"));
  for (const { end } of sending.slice(1)) end.resolve();
  await new Promise(setImmediate);
  expect(sending.at(-1)).toMatchObject({ camera: "e", at: "3" });
  expect([frames.lost("a"), frames.sent().frames]).toEqual([1, 3]);
});
