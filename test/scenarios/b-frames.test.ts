/** A camera with B-frames, whose pictures come in another order than they are shown: recorded, and cut out of its recording. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startRecorder } from "#edge-agent/recorder.ts";
import { descriptionOf, feed, recorderScene, START, tapAt } from "#edge-agent/testing/scene.ts";
import type { Waiting } from "#edge-agent/spool.ts";
import { planCut } from "#functions/streaming/cut-plan.ts";
import { joinPieces, remux } from "#functions/streaming/cutting.ts";
import type { SegmentRow } from "#functions/streaming/segments.ts";
import { testVideo } from "#test/harness/video.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";

const PICTURE_MS = 40;
let scene: Awaited<ReturnType<typeof recorderScene>>;
let segments: Waiting[];
let wall = START;

/** As an encoder sends it: a picture leaves when all that are shown before it have been taken. */
const units = testVideo({ seconds: 24, b_frames: 3 });
const LATE_MS = Math.max(...units.map(({ rtp_time }, index) => rtp_time / 90 - index * PICTURE_MS));

beforeAll(async () => {
  scene = await recorderScene(() => wall);
  const tap = tapAt(() => wall);
  const ids = { camera_id: crypto.randomUUID(), recording_id: crypto.randomUUID() };
  const recorder = await startRecorder(scene.needs, { ...ids, video: descriptionOf(units), tap });
  await scene.playing();
  await feed(tap, units, (index) => void (wall = START + LATE_MS + index * PICTURE_MS));
  recorder.stop();
  await recorder.ended;
  segments = await scene.spool.waiting(10);
});
afterAll(() => scene.close());

const picturesIn = (file: string): { shown: number[]; hashes: string[] } => {
  const args = [
    "-v",
    "error",
    "-i",
    file,
    "-fps_mode",
    "passthrough",
    "-copyts",
    "-enc_time_base",
    "1:1000",
    "-f",
    "framemd5",
    "-",
  ];
  const { stdout, stderr } = spawnSync("ffmpeg", args, { encoding: "utf8" });
  expect(stderr).toBe("");
  const lines = stdout
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(","));
  return { shown: lines.map(([, , pts]) => Number(pts)), hashes: lines.map((fields) => fields.at(-1)?.trim() ?? "") };
};

test("segments begin with a key frame, at the time at which its picture was taken, and hold every picture", () => {
  expect(segments.map(({ segment }) => Date.parse(segment.captured_at) - START)).toEqual([0, 10_000, 20_000]);
  expect(segments.map(({ segment }) => Date.parse(segment.wall_end) - START)).toEqual([10_000, 20_000, 24_000]);
  for (const { segment, file } of segments) {
    expect(segment.fragments.map(({ start_ms }) => start_ms)).toEqual(segment.fragments.map((_, at) => at * 1000));
    expect(picturesIn(file).hashes).toHaveLength(segment.media_duration_ms / PICTURE_MS);
  }
});

test("a clip across segments holds the pictures of its stated interval, each at its time, and no other", async () => {
  const rows = segments.map(({ segment, file }) => ({
    ...segment,
    object_key: file,
    captured_at: new Date(segment.captured_at),
    wall_end: new Date(segment.wall_end),
  })) as unknown as SegmentRow[];
  const plan = planCut(rows, new Date(START + 7400), new Date(START + 12_100), []);
  expect(plan).toMatchObject({ actual_start: new Date(START + 7000), actual_end: new Date(START + 13_000), gaps: [] });
  const objects = { get: async (_bucket: string, key: string) => readFileSync(key) } as unknown as ObjectStore;
  const [joined, clip] = [join(scene.folder, "joined.mp4"), join(scene.folder, "clip.mp4")];
  await joinPieces(objects, plan?.pieces ?? [], joined);
  await remux(joined, clip, AbortSignal.timeout(20_000));
  const { shown, hashes } = picturesIn(clip);
  const [first = 0] = shown;
  expect(shown.map((at) => at - first)).toEqual(Array.from({ length: 150 }, (_, index) => index * PICTURE_MS));
  // Without an edit list, which a clip has not, as many pictures late as may come too early.
  expect(first).toBeLessThanOrEqual(2 * PICTURE_MS);
  const all = segments.flatMap(({ file }) => picturesIn(file).hashes);
  expect(hashes).toEqual(all.slice(175, 325));
});
