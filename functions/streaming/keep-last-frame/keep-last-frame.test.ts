import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import type { Frame } from "#lib/frames/frames.ts";
import { uuidv7 } from "#lib/ids.ts";
import { noLog } from "#lib/log.ts";
import { connectSight } from "#lib/vision/connect.ts";
import { VisionEnvironment } from "#lib/vision/settings.ts";
import type { Sight } from "#lib/vision/sight.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { testVideo } from "#test/harness/video.ts";

let host: TestHost;
let sight: Sight;
let keyFrame: Uint8Array;
let jpeg: Uint8Array;
beforeAll(async () => {
  // Thumbnails are made where no plates are read, too.
  sight = await connectSight(VisionEnvironment.parse({ VISION_PROVIDER: "off" }), { log: noLog });
  host = await testHost(catalogue, { log: noLog, grants: { sight } });
  const [first] = testVideo({ seconds: 1, size: "640x480" });
  keyFrame = Buffer.concat((first?.nals ?? []).flatMap((nal) => [Buffer.of(0, 0, 0, 1), nal]));
  jpeg = ffmpeg(["-f", "lavfi", "-i", "testsrc2=size=1280x720", "-frames:v", "1", "-f", "mjpeg", "pipe:1"]);
});
afterAll(async () => {
  await host.close();
  await sight.close();
});

const ffmpeg = (args: readonly string[], input?: Uint8Array): Buffer => {
  const made = spawnSync("ffmpeg", ["-v", "error", ...args], input ? { input } : {});
  if (made.status !== 0) throw new Error(made.stderr.toString());
  return made.stdout;
};
const sizeOf = (bytes: Uint8Array | null): string => {
  const args = ["-v", "error", "-f", "mjpeg", "-show_entries", "stream=width,height", "-of", "csv=p=0", "-i", "pipe:0"];
  return spawnSync("ffprobe", args, { input: bytes ?? new Uint8Array() })
    .stdout.toString()
    .trim();
};
const frame = (changes: Partial<Frame> = {}): Frame => ({
  id: uuidv7(),
  cidade_id: uuidv7(),
  camera_id: uuidv7(),
  captured_at: new Date("2026-03-10T12:00:03Z"),
  format: "h264",
  bytes: keyFrame,
  correlation_id: uuidv7(),
  ...changes,
});
const handle = async (one: Frame, attempt = 1): Promise<void> => {
  const answer = await host.host.handleFrame("keep-last-frame", { frame: one, attempt });
  if (!("done" in answer)) throw new Error(answer.reason);
};
const thumbnails = async ({ cidade_id, camera_id }: Frame) =>
  (await host.objects.list("thumbnails", `${cidade_id}/${camera_id}/`)).map(({ key }) => key);

test.each([
  ["an H.264 key frame", () => frame(), "640,480"],
  ["a JPEG", () => frame({ format: "jpeg", bytes: jpeg }), "640,360"],
])("%s is kept untouched as the last frame, and as a picture for people and one for lists", async (_, make, size) => {
  const one = make();
  await handle(one);
  expect(await host.cache.get(`camera:${one.camera_id}:last_frame`)).toEqual(Buffer.from(one.bytes));
  const folder = `${one.cidade_id}/${one.camera_id}/2026-03-10`;
  const slot = Date.parse("2026-03-10T12:00:00Z") / 10_000;
  expect(await thumbnails(one)).toEqual([`${folder}/${slot}-wide.jpg`, `${folder}/${slot}.jpg`]);
  expect(sizeOf(await host.objects.get("thumbnails", `${folder}/${slot}.jpg`))).toBe("160,90");
  expect(sizeOf(await host.objects.get("thumbnails", `${folder}/${slot}-wide.jpg`))).toBe(size);
});

test("ten seconds give one thumbnail, while the last frame is always the newest", async () => {
  const first = frame();
  const at = (second: string) => new Date(`2026-03-10T12:00:${second}Z`);
  await handle(first);
  await handle({ ...first, captured_at: at("09.9"), format: "jpeg", bytes: jpeg });
  expect(await thumbnails(first)).toHaveLength(2);
  expect(await host.cache.get(`camera:${first.camera_id}:last_frame`)).toEqual(jpeg);
  await handle({ ...first, captured_at: at("10") });
  expect(await thumbnails(first)).toHaveLength(4);
});

test("a frame offered again after a crash has one effect", async () => {
  const one = frame();
  await handle(one);
  const stored = await thumbnails(one);
  await handle(one, 2);
  expect(await thumbnails(one)).toEqual(stored);
});

test("a broken picture is refused at every attempt, and the other cameras' pictures go on", async () => {
  const broken = [
    frame({ bytes: Buffer.from("no picture at all") }),
    frame({ format: "jpeg", bytes: jpeg.subarray(0, 20) }),
    frame({ format: "jpeg", bytes: keyFrame }),
    frame({ bytes: new Uint8Array() }),
  ];
  const good = frame();
  const results = await Promise.allSettled([...broken, good].map((one) => handle(one)));
  expect(results.map(({ status }) => status)).toEqual([...broken.map(() => "rejected"), "fulfilled"]);
  const again = broken[0] as Frame;
  for (const attempt of [2, 3]) await expect(handle(again, attempt)).rejects.toThrow("frame.undecodable");
  for (const one of broken) expect(await thumbnails(one)).toEqual([]);
  expect(await thumbnails(good)).toHaveLength(2);
});
