import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AppError } from "#lib/errors.ts";
import { uuidv7 } from "#lib/ids.ts";
import { createLog } from "#lib/log.ts";
import { blindSight } from "#lib/vision/blind.ts";
import type { Sight } from "#lib/vision/sight.ts";
import { plate, seeing, type Seeing, type Shown } from "#test/harness/sight.ts";
import { until } from "#test/harness/system.ts";
import type { KeyFrame, KeyFrames } from "../key-frame-sender.ts";
import type { LooksSender } from "./looks-sender.ts";
import { openSiteReader, type SiteReader } from "./site-reader.ts";
import { openTrust } from "./trust.ts";
import type { SiteReading } from "./waiting-looks.ts";

type Line = Record<string, unknown>;

const [cidade_id, camera_id, other_id] = [uuidv7(), uuidv7(), uuidv7()];
/** The beginning of a slot of ten seconds. */
const start = Math.floor(Date.now() / 10_000) * 10_000;

let sent: KeyFrame[];
let told: SiteReading[];
let lines: Line[];
let monotonic: number;
let readers: SiteReader[];
beforeEach(() => void ([sent, told, lines, readers, monotonic] = [[], [], [], [], 0]));
afterEach(async () => {
  for (const reader of readers) await reader.stop();
});

const readerOf = async (sight: Sight | Promise<Sight>): Promise<SiteReader> => {
  const frames: KeyFrames = {
    offer: (frame) => void sent.push(frame),
    lost: () => 0,
    sent: () => ({ frames: sent.length, bytes: 0 }),
  };
  const looks: LooksSender = {
    offer: (reading) => void told.push(reading),
    lost: () => 0,
    waiting: () => ({ count: 0, bytes: 0 }),
    sent: () => ({ looks: told.length, bytes: 0 }),
    stop: async () => undefined,
  };
  const log = createLog({ context: "test", write: (line) => void lines.push(JSON.parse(line) as Line) });
  const reader = await openSiteReader({
    cidade_id,
    frames,
    looks,
    log,
    trust: openTrust(log, () => monotonic),
    sight: Promise.resolve(sight),
    now: Date.now,
  });
  readers.push(reader);
  return reader;
};
const frame = (seconds: number, shown: readonly Shown[], camera: string = camera_id): KeyFrame => ({
  camera_id: camera,
  captured_at_ms: start + seconds * 1000,
  bytes: Buffer.from(JSON.stringify(shown)),
});
const garbage = (seconds: number, camera?: string): KeyFrame => ({
  ...frame(seconds, [], camera),
  bytes: Buffer.from("garbage"),
});
const unmarked = (): KeyFrame[] => sent.filter(({ read_at_site }) => !read_at_site);
const said = (message: string): Line[] => lines.filter((line) => line["message"] === message);
const eventually = (what: string, isSo: () => boolean): Promise<unknown> =>
  until(what, 20_000, () => isSo() || undefined);
const decodedBy = (sight: Seeing, count: number): Promise<unknown> =>
  eventually(`${count} pictures`, () => sight.decoded.length === count);

describe("an agent that reads at its site", () => {
  test("tells what a key frame showed, with its time, and sends the server no frame to read", async () => {
    const reader = await readerOf(seeing());
    reader.offer(frame(1, [plate("ABC1D23", { x: 0.3 }), plate("XYZ9K87", { x: 0.7 })]));
    await eventually("looks", () => told.length === 1);
    expect(told[0]?.looks).toMatchObject({
      camera_id,
      captured_at: new Date(start + 1000).toISOString(),
      reader_version: "test-1",
      picture: { width: 1280, height: 720 },
      plates: [{ text: "ABC1D23" }, { text: "XYZ9K87" }],
      passers: [],
    });
    expect(unmarked()).toEqual([]);
  });

  test("says nothing of a frame in which there is nothing to say, and tells who has gone without a plate", async () => {
    const sight = seeing();
    const reader = await readerOf(sight);
    reader.offer(frame(1, []));
    await decodedBy(sight, 1);
    const [first_at, last_at] = [new Date(start), new Date(start + 2000)];
    sight.passers.push({ first_at, last_at, looks: 3, observer: uuidv7() });
    reader.offer(frame(3, []));
    await eventually("a passer", () => told.length > 0);
    expect(told.map(({ looks }) => looks)).toMatchObject([
      { plates: [], passers: [{ first_at: first_at.toISOString(), looks: 3 }] },
    ]);
  });

  test("sends the first picture of each ten seconds of a camera, marked as read", async () => {
    const sight = seeing();
    const reader = await readerOf(sight);
    for (const seconds of [1, 2, 9, 10, 11, 25]) reader.offer(frame(seconds, []));
    reader.offer(frame(2, [], other_id));
    expect(sent.map((one) => [one.camera_id === camera_id, (one.captured_at_ms - start) / 1000])).toEqual([
      [true, 1],
      [true, 10],
      [true, 25],
      [false, 2],
    ]);
    expect(unmarked()).toEqual([]);
  });

  test("looks at the newest frames of a camera while it is busy, and counts the others as lost", async () => {
    const opening = Promise.withResolvers<Sight>();
    const sight = seeing();
    const reader = await readerOf(opening.promise);
    for (const [seconds, text] of [
      [1, "AAA1A11"],
      [2, "BBB2B22"],
      [3, "CCC3C33"],
      [4, "DDD4D44"],
    ] as const)
      reader.offer(frame(seconds, [plate(text)]));
    opening.resolve(sight);
    await eventually("looks", () => told.length === 2);
    expect(told.map(({ looks }) => looks.plates[0]?.text)).toEqual(["CCC3C33", "DDD4D44"]);
    expect(reader.lost(camera_id)).toBe(2);
    expect(unmarked()).toEqual([]);
  });

  test("names a frame that is no picture after three tries, once for its camera, and reads the others", async () => {
    const sight = seeing();
    const reader = await readerOf(sight);
    for (const seconds of [1, 2]) {
      reader.offer(garbage(seconds));
      await decodedBy(sight, seconds * 3);
    }
    reader.offer(frame(3, [plate("ABC1D23")], other_id));
    await eventually("looks", () => told.length === 1);
    await eventually("both counted", () => reader.lost(camera_id) === 2);
    expect(said("key frame cannot be read")).toMatchObject([{ camera_id, attempt: 3, reason: "picture.unknown" }]);
    expect(unmarked()).toEqual([]);
  });

  test("does not take frames that are no pictures for its own failure", async () => {
    const sight = seeing();
    const reader = await readerOf(sight);
    for (let seconds = 1; seconds <= 6; seconds += 1) {
      reader.offer(garbage(seconds));
      await decodedBy(sight, seconds * 3);
    }
    reader.offer(frame(7, []));
    expect(unmarked()).toEqual([]);
  });
});

describe("where nothing can be read at the site", () => {
  test("because there are no models it is said once, and key frames go to the server as before", async () => {
    const reader = await readerOf(blindSight("detector.onnx is missing"));
    await eventually("a word", () => lines.length > 0);
    for (const seconds of [1, 2]) reader.offer(frame(seconds, [plate("ABC1D23")]));
    expect(sent.map(({ read_at_site }) => read_at_site)).toEqual([undefined, undefined]);
    expect(lines).toMatchObject([{ level: "warn", reason: "detector.onnx is missing", for_good: true }]);
  });

  test("because seeing cannot be opened at all, key frames go to the server as before", async () => {
    const reader = await readerOf(Promise.reject(new Error("no native library here")));
    await eventually("a word", () => lines.length > 0);
    reader.offer(frame(1, []));
    expect(unmarked()).toHaveLength(1);
  });

  test("because the networks fail again and again, key frames go as before, and it is tried again after a while", async () => {
    const sight = seeing();
    let looked = 0;
    sight.before.find = async () => {
      looked += 1;
      throw new AppError("unavailable", "A worker died over this picture", { reason: "vision.worker_died" });
    };
    const reader = await readerOf(sight);
    for (let seconds = 1; seconds <= 5; seconds += 1) {
      reader.offer(frame(seconds, [plate("ABC1D23")]));
      await eventually("three tries", () => looked === seconds * 3);
    }
    await eventually("a word", () => said("plates are not read here: key frames are sent instead").length === 1);
    reader.offer(frame(6, []));
    expect(unmarked()).toHaveLength(1);
    sight.before.find = async () => undefined;
    monotonic += 600_000;
    reader.offer(frame(7, [plate("ABC1D23")]));
    await eventually("looks", () => told.length === 1);
    expect(unmarked()).toHaveLength(1);
  });

  test("is not hidden by frames in which nothing has changed: no network saw those", async () => {
    const sight = seeing();
    let looked = 0;
    sight.before.find = async () => {
      looked += 1;
      throw new AppError("unavailable", "A worker died over this picture", { reason: "vision.worker_died" });
    };
    sight.pictures.worthLooking = (source) => source !== other_id;
    const reader = await readerOf(sight);
    for (let count = 1; count <= 5; count += 1) {
      reader.offer(frame(count, [], other_id));
      await decodedBy(sight, count * 4 - 3);
      reader.offer(frame(count, [plate("ABC1D23")]));
      await eventually("three tries", () => looked === count * 3);
    }
    await eventually("a word", () => said("plates are not read here: key frames are sent instead").length === 1);
  });
});
