import { describe, expect, test } from "vitest";
import {
  centred,
  edgeBeside,
  following,
  fractionOf,
  gapAt,
  instantAt,
  isRecorded,
  leapOver,
  nextRecorded,
  ordered,
  panned,
  startFor,
  ticksOf,
  zoomed,
} from "./geometry.ts";

const HOUR = 3_600_000;
const day = { from: 0, to: 24 * HOUR };
const spans = [
  { from: 1 * HOUR, to: 2 * HOUR },
  { from: 3 * HOUR, to: 4 * HOUR },
];

describe("timeline geometry", () => {
  test("an instant and its place are each other's inverse", () => {
    expect(fractionOf(day, 6 * HOUR)).toBe(0.25);
    expect(instantAt(day, 0.25)).toBe(6 * HOUR);
    expect(instantAt(day, 1.5)).toBe(day.to);
  });

  test("zooming keeps the instant under the pointer where it is", () => {
    const closer = zoomed(day, day, 0.5, 6 * HOUR);
    expect(closer.to - closer.from).toBe(12 * HOUR);
    expect(fractionOf(closer, 6 * HOUR)).toBeCloseTo(0.25);
  });

  test("no view leaves the day, is longer than it, or shorter than ten seconds", () => {
    expect(zoomed(day, day, 4, 0)).toEqual(day);
    const closest = zoomed({ from: 0, to: 70_000 }, day, 0.01, 0);
    expect(closest.to - closest.from).toBe(10_000);
    expect(panned({ from: 0, to: HOUR }, day, -HOUR)).toEqual({ from: 0, to: HOUR });
    expect(panned({ from: 23 * HOUR, to: 24 * HOUR }, day, HOUR)).toEqual({ from: 23 * HOUR, to: 24 * HOUR });
  });

  test("ticks are round and not too many", () => {
    const ticks = ticksOf(day, day, 12);
    expect(ticks.length).toBeLessThanOrEqual(13);
    expect(ticks.every((tick) => tick % HOUR === 0)).toBe(true);
    const close = ticksOf({ from: 90_500, to: 150_500 }, day, 12);
    expect(close[0]).toBe(95_000);
  });

  test("what is at an instant is told by whether its first moment belongs to it", () => {
    expect(isRecorded(spans, 1 * HOUR)).toBe(true);
    expect(isRecorded(spans, 2 * HOUR)).toBe(false);
    expect(gapAt([{ from: 2 * HOUR, to: 3 * HOUR, cause: "camera" }], 2.5 * HOUR)?.cause).toBe("camera");
  });

  test("asked for a hole, playing begins where video begins again; after the end, just before it", () => {
    expect(nextRecorded(spans, 2.5 * HOUR)).toBe(3 * HOUR);
    expect(nextRecorded(spans, 5 * HOUR)).toBeNull();
    expect(startFor(spans, 5 * HOUR)).toBe(4 * HOUR - 5000);
    expect(startFor([], 0)).toBeNull();
  });

  test("the edges of what is recorded are stepped to, one after the other", () => {
    expect(edgeBeside(spans, 0, 1)).toBe(1 * HOUR);
    expect(edgeBeside(spans, 1 * HOUR, 1)).toBe(2 * HOUR);
    expect(edgeBeside(spans, 3 * HOUR, -1)).toBe(2 * HOUR);
    expect(edgeBeside(spans, 4 * HOUR, 1)).toBeNull();
  });

  test("a view goes along with what plays, and stays while that is in sight", () => {
    const view = { from: 0, to: HOUR };
    expect(following(view, day, 0.5 * HOUR)).toBe(view);
    const moved = following(view, day, HOUR + 1);
    expect(moved.to - moved.from).toBe(HOUR);
    expect(fractionOf(moved, HOUR + 1)).toBeCloseTo(0.1);
    expect(centred(day, 0, HOUR)).toEqual({ from: 0, to: HOUR });
  });

  test("a player at the end of a range goes to the next one, and not before", () => {
    const ranges = [
      { from: 10, to: 20 },
      { from: 80, to: 90 },
    ];
    expect(leapOver(ranges, 19.5, false)).toBeNull();
    expect(leapOver(ranges, 19.5, true)?.to).toBeCloseTo(80.01);
    expect(leapOver(ranges, 19.95, false)).toMatchObject({ from: 20 });
    expect(leapOver(ranges, 89.99, true)).toBeNull();
  });

  test("a range dragged to the left is the same range", () => {
    expect(ordered(9, 4)).toEqual({ from: 4, to: 9 });
  });
});
