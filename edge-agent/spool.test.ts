import { existsSync, readdirSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { noLog } from "#lib/log.ts";
import { writeFragmentHead, writeInit } from "#lib/media/fmp4-writer.ts";
import { uuidv7 } from "#lib/ids.ts";
import { testVideo } from "#test/harness/video.ts";
import { adoptLeftBehind, keepSegment, storedTiming } from "./recorded-files.ts";
import { fileName, nameOf, type Run } from "./spool-files.ts";
import { openSpool, type Spool } from "./spool.ts";
import { descriptionOf, segmentLike, START, temporaryFolder } from "./testing/scene.ts";

let folder: ReturnType<typeof temporaryFolder>;
let spool: Spool;
beforeEach(async () => {
  folder = temporaryFolder();
  spool = await openSpool(folder.path);
});
afterEach(() => folder.remove());

const [sps = Buffer.alloc(0), pps = Buffer.alloc(0)] = descriptionOf(testVideo({ seconds: 1 })).parameter_sets;
/** A whole file with this many fragments of a second. */
const fileWith = (fragments: number): Buffer => {
  const avcc = Buffer.from([0, 0, 0, 1, 0x65]);
  const parts = Array.from({ length: fragments }, (_, at) => [
    writeFragmentHead({
      sequence: at,
      decode_time: at * 90_000,
      composition_offset: 0,
      duration: 90_000,
      key: true,
      avcc,
    }),
    avcc,
  ]);
  return Buffer.concat([writeInit({ sps, pps, width: 320, height: 180, timescale: 90_000 }), ...parts.flat()]);
};
const newRun = (): Run => ({
  boot_id: uuidv7(),
  camera_id: uuidv7(),
  recording_id: uuidv7(),
  origin_ms: START,
  clock_offset_ms: 5,
});
/** What a run looks like on the disk of a killed agent: opened by a new one. */
const reopened = async (): Promise<number> => {
  spool = await openSpool(folder.path);
  return adoptLeftBehind({ spool, log: noLog, onSegment: () => undefined, timing: storedTiming(() => START + 99_000) });
};
const ready = (): string[] => readdirSync(join(folder.path, "ready")).toSorted();
const recording = (): string[] => readdirSync(join(folder.path, "recording"));
const refused = (): string[] => readdirSync(join(folder.path, "refused")).toSorted();

const begun = async (files: readonly number[]): Promise<{ run: Run; paths: string[] }> => {
  const run = newRun();
  const place = await spool.begin(run);
  const paths = files.map((_, sequence) => join(place, fileName(sequence)));
  for (const [sequence, fragments] of files.entries()) await writeFile(paths[sequence] ?? "", fileWith(fragments));
  return { run, paths };
};

describe("killed at any step, an agent finds again", () => {
  test("a folder without its first word: nothing was in it", async () => {
    await mkdir(join(folder.path, "recording", uuidv7()));
    expect(await reopened()).toBe(0);
    expect(recording()).toEqual([]);
  });

  test("finished and unfinished files: what is whole of them", async () => {
    const { paths } = await begun([10, 4, 1]);
    await writeFile(paths[1] ?? "", fileWith(4).subarray(0, -3));
    await writeFile(paths[2] ?? "", fileWith(1).subarray(0, -3));
    expect(await reopened()).toBe(2);
    const kept = await spool.waiting(10);
    expect(kept.map(({ segment }) => [segment.sequence, segment.fragments.length])).toEqual([
      [0, 10],
      [1, 3],
    ]);
    for (const { segment, file } of kept) {
      const last = segment.fragments.at(-1);
      expect((await readFile(file)).length).toBe(segment.bytes);
      expect(segment.bytes).toBe((last?.offset ?? 0) + (last?.length ?? 0));
    }
    expect(kept[0]?.segment).toMatchObject({
      captured_at: new Date(START).toISOString(),
      media_duration_ms: 10_000,
      clock_offset_ms: 5,
    });
    expect(recording()).toEqual([]);
  });

  test("a file that bears its final name and is not journalled: with the same name, once", async () => {
    const { run, paths } = await begun([10]);
    await rename(paths[0] ?? "", join(folder.path, "ready", `${nameOf({ ...run, sequence: 0 })}.mp4`));
    expect(await reopened()).toBe(1);
    expect(ready()).toEqual([`${nameOf({ ...run, sequence: 0 })}.json`, `${nameOf({ ...run, sequence: 0 })}.mp4`]);
    expect(await reopened()).toBe(0);
    expect(await spool.waiting(10)).toHaveLength(1);
  });

  test("a journalled file whose run was not ended: nothing new", async () => {
    const { run, paths } = await begun([10, 10]);
    const timing = storedTiming(() => START)(run);
    await keepSegment(spool, run, { sequence: 0, path: paths[0] ?? "" }, timing);
    const [first] = await spool.waiting(1);
    expect(await reopened()).toBe(1);
    expect((await spool.waiting(10)).map(({ segment }) => segment.id)[0]).toBe(first?.segment.id);
  });

  test("a confirmed file whose entry was still there: gone, and not sent again", async () => {
    const segment = await keptOne();
    await rm(join(folder.path, "ready", `${nameOf(segment)}.mp4`));
    await reopened();
    expect([ready(), await spool.waiting(10)]).toEqual([[], []]);
  });

  test("a half-written entry beside the old state: the old state", async () => {
    await keptOne();
    await writeFile(join(folder.path, "ready", "something.json.new"), '{"id":');
    await reopened();
    expect(await spool.waiting(10)).toHaveLength(1);
  });
});

const keptOne = async () => {
  const { run, paths } = await begun([10]);
  const segment = await keepSegment(spool, run, { sequence: 0, path: paths[0] ?? "" }, storedTiming(() => START)(run));
  await spool.end(run.boot_id);
  return segment ?? segmentLike();
};

describe("damage", () => {
  test("of a run's first word costs that run and no other", async () => {
    const { run } = await begun([3]);
    await writeFile(join(folder.path, "recording", run.boot_id, "run.json"), "{");
    await begun([5]);
    expect(await reopened()).toBe(1);
  });

  test("of an entry puts its file aside and lets the others pass", async () => {
    const segment = await keptOne();
    await keptOne();
    await writeFile(join(folder.path, "ready", `${nameOf(segment)}.json`), "{}");
    expect(await spool.waiting(10)).toHaveLength(1);
    expect(refused()).toEqual([`${nameOf(segment)}.json`, `${nameOf(segment)}.mp4`]);
  });

  test("of a gap forgets it", async () => {
    await writeFile(join(folder.path, "ready", "gap-x.json"), "nothing");
    expect([await spool.gaps(), ready()]).toEqual([[], []]);
  });
});

describe("nothing is written twice", () => {
  test("a run never gets a folder that is there already", async () => {
    const { run } = await begun([]);
    await expect(spool.begin(run)).rejects.toThrow("EEXIST");
  });

  test("a run that is being written is not adopted", async () => {
    await begun([10]);
    const adopted = await adoptLeftBehind({
      spool,
      log: noLog,
      onSegment: () => undefined,
      timing: storedTiming(() => START),
    });
    expect([adopted, recording().length]).toEqual([0, 1]);
  });

  test("what could not be journalled keeps its run until it can", async () => {
    const { run } = await begun([10]);
    spool.leave(run.boot_id);
    const keep = spool.keep;
    const full = { ...spool, keep: () => Promise.reject(new Error("ENOSPC")) };
    const adoption = { log: noLog, onSegment: () => undefined, timing: storedTiming(() => START) };
    expect(await adoptLeftBehind({ ...adoption, spool: full })).toBe(0);
    expect(recording()).toEqual([run.boot_id]);
    expect(await adoptLeftBehind({ ...adoption, spool: { ...spool, keep } })).toBe(1);
    expect(recording()).toEqual([]);
  });
});

test("what waits comes oldest first, some can be left out, what is confirmed is gone from the disk", async () => {
  const segments = [await keptOne(), await keptOne(), await keptOne()];
  const names = segments.map(nameOf);
  expect((await spool.waiting(2)).map(({ segment }) => nameOf(segment))).toEqual(names.slice(0, 2));
  expect((await spool.waiting(2, new Set(names.slice(0, 1)))).map(({ segment }) => nameOf(segment))).toEqual(
    names.slice(1),
  );
  for (const segment of segments.slice(0, 2)) await spool.confirmed(segment);
  await spool.refused(segments[2] ?? segmentLike(), "unknown_recording");
  expect([ready(), await spool.waiting(10)]).toEqual([[], []]);
  const [entry = ""] = refused();
  expect(JSON.parse(await readFile(join(folder.path, "refused", entry), "utf8"))).toMatchObject({
    reason: "unknown_recording",
  });
  expect(existsSync(join(folder.path, "refused", entry.replace("json", "mp4")))).toBe(true);
});
