import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { boxesIn } from "#lib/media/fmp4.ts";
import { testVideo } from "#test/harness/video.ts";
import { until } from "#test/harness/system.ts";
import { finishedNumber } from "./ffmpeg/arguments.ts";
import { startRecorder } from "./recorder.ts";
import { descriptionOf, feed, recorderScene, START, tapAt } from "./testing/scene.ts";

const units = testVideo({ seconds: 24 });
const camera = { camera_id: crypto.randomUUID(), recording_id: crypto.randomUUID(), video: descriptionOf(units) };

let wall = START;
let scene: Awaited<ReturnType<typeof recorderScene>>;
beforeEach(async () => {
  wall = START;
  scene = await recorderScene(() => wall);
});
afterEach(() => scene.close());
const tick = (index: number): void => void (wall = START + index * 40);

const durationOf = (file: string): number => {
  const args = ["-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", file];
  const { stdout, stderr } = spawnSync("ffprobe", args);
  expect(stderr.toString()).toBe("");
  return Number(stdout.toString()) / 25;
};

describe("a stream that is recorded", () => {
  test("becomes segments cut at key frames, a fragment per group, whose times are those of the relay", async () => {
    const tap = tapAt(() => wall);
    const recorder = await startRecorder(scene.needs, { ...camera, tap });
    await scene.playing();
    // The RTP clock wraps in the middle.
    await feed(tap, units, tick, 2 ** 32 - 90_000 * 12);
    recorder.stop();
    expect(await recorder.ended).toEqual({ clean: true });

    const kept = await scene.spool.waiting(10);
    expect(kept.map(({ segment }) => segment.fragments.length)).toEqual([10, 10, 4]);
    expect(kept.map(({ segment }) => Date.parse(segment.captured_at) - START)).toEqual([0, 10_000, 20_000]);
    expect(kept.map(({ segment }) => Date.parse(segment.wall_end) - START)).toEqual([10_000, 20_000, 24_000]);
    expect(kept.reduce((sum, { file }) => sum + durationOf(file), 0)).toBe(24);
    for (const { segment, file } of kept) {
      const bytes = readFileSync(file);
      expect(segment).toMatchObject({ bytes: bytes.length, width: 320, height: 180 });
      expect(segment.sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
      const boxes = new Map(boxesIn(bytes).map((box) => [box.offset, box.type]));
      expect(segment.fragments.map(({ offset }) => boxes.get(offset))).toEqual(segment.fragments.map(() => "moof"));
      expect(segment.fragments.map(({ start_ms }) => start_ms)).toEqual(segment.fragments.map((_, at) => at * 1000));
      const last = segment.fragments.at(-1);
      expect((last?.offset ?? 0) + (last?.length ?? 0)).toBe(bytes.length);
    }
    expect(await readdir(scene.spool.recording)).toEqual([]);
  });

  test("and whose pictures come in another order than they are shown, from an RTP time of 0 on, has the times of showing", async () => {
    const tap = tapAt(() => wall);
    const recorder = await startRecorder(scene.needs, { ...camera, tap });
    await scene.playing();
    const reordered = testVideo({ seconds: 12, b_frames: 2 });
    // A picture leaves the encoder two pictures after it was taken: then those are known that come before it.
    await feed(tap, reordered, (index) => void (wall = START + 80 + index * 40));
    recorder.stop();
    await recorder.ended;
    expect(scene.segments.map(({ captured_at, wall_end }) => [Date.parse(captured_at), Date.parse(wall_end)])).toEqual([
      [START, START + 10_000],
      [START + 10_000, START + 12_000],
    ]);
    expect(scene.segments.flatMap(({ fragments }) => fragments.map(({ duration_ms }) => duration_ms))).toEqual(
      Array.from({ length: 12 }, () => 1000),
    );
  });

  test("begins with the current group when a recorder joins in its middle", async () => {
    const tap = tapAt(() => wall);
    await feed(tap, units.slice(0, 40), tick);
    const recorder = await startRecorder(scene.needs, { ...camera, tap });
    await scene.playing();
    await feed(tap, units.slice(40, 100), (index) => tick(index + 40));
    recorder.stop();
    await recorder.ended;
    const [first] = scene.segments;
    expect(Date.parse(first?.captured_at ?? "") - START).toBe(1000);
    expect(first?.media_duration_ms).toBe(3000);
  });

  test("is kept to its last whole group when FFmpeg is killed, and says that this was no clean end", async () => {
    const tap = tapAt(() => wall);
    const recorder = await startRecorder(scene.needs, { ...camera, tap });
    await scene.playing();
    await feed(tap, units.slice(0, 310), tick);
    const [run = ""] = await readdir(scene.spool.recording);
    const second = join(scene.spool.recording, run, "00000001.mp4");
    await until("the second file", 20_000, () => (sizeOf(second) > 20_000 ? true : undefined));
    process.kill(recorder.pid ?? 0, "SIGKILL");
    expect(await recorder.ended).toEqual({ clean: false });
    expect(scene.segments.map(({ sequence }) => sequence)).toEqual([0, 1]);
    for (const { file } of await scene.spool.waiting(10)) expect(durationOf(file)).toBeGreaterThan(0);
  });

  test("in which nothing came leaves nothing behind", async () => {
    const recorder = await startRecorder(scene.needs, { ...camera, tap: tapAt(() => wall) });
    await scene.playing();
    recorder.stop();
    await recorder.ended;
    expect([scene.segments, await readdir(scene.spool.recording)]).toEqual([[], []]);
  });
});

const sizeOf = (file: string): number => {
  try {
    return readFileSync(file).length;
  } catch {
    return 0;
  }
};

test("only lines that name a finished file count", () => {
  expect(finishedNumber("00000012.mp4,0.0,10.0")).toBe(12);
  expect(finishedNumber("/a/b/00000003.mp4,0.000000,10.000000")).toBe(3);
  expect(finishedNumber("something else")).toBeNull();
});
