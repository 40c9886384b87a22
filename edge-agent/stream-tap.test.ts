import { spawnSync } from "node:child_process";
import { beforeEach, describe, expect, test } from "vitest";
import { nalsOf } from "#lib/media/h264-pictures.ts";
import { toAnnexB } from "#lib/media/h264.ts";
import { framesOf, testVideo } from "#test/harness/video.ts";
import type { Picture } from "./stream-tap.ts";
import { feed, START, tapAt } from "./testing/scene.ts";

const units = testVideo({ seconds: 4, group: 25 });
let wall = START;
beforeEach(() => void (wall = START));
const tick = (index: number): void => void (wall = START + index * 40);

const listener = (idle = () => true) => {
  const pictures: Picture[] = [];
  const begun: number[] = [];
  return {
    pictures,
    begun,
    begins: (ticks: number) => void begun.push(ticks),
    picture: (picture: Picture) => pictures.push(picture) > 0,
    idle,
  };
};

describe("who joins", () => {
  test("in the middle of a group gets all of it, viewer and recorder alike", async () => {
    const tap = tapAt(() => wall);
    await feed(tap, units.slice(0, 30), tick);
    const [viewer, reader] = [listener(), listener()];
    tap.attachViewer(viewer);
    tap.attachReader(reader);
    expect(viewer.pictures.map(({ ticks }) => ticks / 3600)).toEqual([25, 26, 27, 28, 29]);
    expect(reader.pictures).toEqual(viewer.pictures);
    expect(reader.begun).toEqual([25 * 3600]);
  });

  test("before any key frame begins with the first", async () => {
    const tap = tapAt(() => wall);
    const reader = listener();
    await feed(tap, units.slice(3, 5), tick);
    tap.attachReader(reader);
    await feed(tap, units.slice(5, 30), tick);
    expect(reader.pictures.map(({ key }) => key)).toEqual([true, false, false, false, false]);
    expect(reader.begun).toEqual([22 * 3600]);
  });

  test("is left alone once it wants no more", async () => {
    const tap = tapAt(() => wall);
    let asked = 0;
    tap.attachReader({ begins: () => undefined, picture: () => (asked += 1) < 3, idle: () => true });
    await feed(tap, units.slice(0, 30), tick);
    expect(asked).toBe(3);
  });
});

describe("bytes that are used again", () => {
  const sent = units.map(({ nals }) => toAnnexB(nals).toString("hex"));
  const bytes = (pictures: readonly Picture[]): string[] =>
    pictures.map(({ avcc }) => toAnnexB(nalsOf(avcc)).toString("hex"));

  test("are never those of somebody who has not sent them yet", async () => {
    const tap = tapAt(() => wall);
    const slow = listener(() => false);
    tap.attachReader(slow);
    await feed(tap, units, tick);
    expect(bytes(slow.pictures)).toEqual(sent);
  });

  test.each(["viewer", "reader"])("are never those of a %s who left before it had sent them", async (kind) => {
    const tap = tapAt(() => wall);
    const left = listener(() => false);
    if (kind === "viewer") tap.attachViewer(left);
    else tap.attachReader(left);
    await feed(tap, units.slice(0, 30), tick);
    if (kind === "viewer") tap.detachViewer(left);
    else tap.detachReader(left);
    await feed(tap, units.slice(30), (index) => tick(index + 30));
    expect(bytes(left.pictures)).toEqual(sent.slice(0, 30));
  });

  test("of those who are done are used for the next group", async () => {
    const tap = tapAt(() => wall);
    const reader = listener();
    tap.attachReader(reader);
    await feed(tap, units, tick);
    const keys = reader.pictures.filter(({ key }) => key);
    expect(new Set(keys.map(({ avcc }) => avcc.buffer)).size).toBe(1);
  });
});

describe("key frames for analysis", () => {
  test("come twice a second at most, each decodable by itself", async () => {
    const dense = testVideo({ seconds: 4, group: 5 });
    const frames: Buffer[] = [];
    const tap = tapAt(() => wall, { onKeyFrame: ({ avcc }) => void frames.push(toAnnexB(nalsOf(avcc))) });
    await feed(tap, dense, tick);
    // Of twenty in four seconds, one each 0.2 s: those nearest to each half second.
    expect(frames).toHaveLength(7);
    for (const frame of frames) {
      const { status, stderr, stdout } = spawnSync(
        "ffmpeg",
        ["-v", "error", "-f", "h264", "-i", "pipe:0", "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"],
        { input: frame },
      );
      expect([status, stderr.toString(), stdout.length]).toEqual([0, "", 320 * 180]);
    }
  });

  test("of a camera whose half second is a little short all come", async () => {
    const halves = testVideo({ seconds: 4, group: 12 });
    let count = 0;
    const tap = tapAt(() => wall, { onKeyFrame: () => (count += 1) });
    await feed(
      tap,
      halves.map((unit, index) => ({ ...unit, rtp_time: index * 3740 })),
      tick,
    );
    expect(count).toBe(9);
  });
});

describe("a clock that jumps", () => {
  test.each([
    ["an hour ahead", 3600],
    ["ten seconds back", -10],
  ])("%s ends the connection; nothing of it is passed on", async (_, seconds) => {
    let jumps = 0;
    const tap = tapAt(() => wall, { onJump: () => (jumps += 1) });
    const reader = listener();
    tap.attachReader(reader);
    const far = 2 ** 31;
    await feed(tap, units.slice(0, 50), tick, far);
    await feed(tap, units.slice(50), (index) => tick(index + 50), far + seconds * 90_000);
    expect([jumps, reader.pictures.length]).toEqual([1, 50]);
  });

  test("is not what pictures are that were held up on the way", async () => {
    let jumps = 0;
    const tap = tapAt(() => wall, { onJump: () => (jumps += 1) });
    const reader = listener();
    tap.attachReader(reader);
    await feed(tap, units.slice(0, 25), tick);
    wall += 30_000;
    await feed(tap, units.slice(25), () => undefined);
    expect([jumps, reader.pictures.length]).toEqual([0, 100]);
  });
});

test("what comes is counted, and when a key frame came last is known", async () => {
  const tap = tapAt(() => wall);
  await feed(tap, units.slice(0, 51), tick);
  const sent = framesOf(units.slice(0, 51))
    .flat()
    .reduce((sum, { length }) => sum + length - 4, 0);
  expect(tap.seen()).toMatchObject({ bytes: sent, pictures: 51, key_at: START + 2000, captured_at_ms: START + 2000 });
  wall += 40;
  expect(tap.bytesPerSecond()).toBe(Math.round(sent / 2.04));
});
