import { describe, expect, test } from "vitest";
import { createMediaTimes, FIRST_SECONDS, placeOf } from "./media-times.ts";

describe("media times", () => {
  test("wall time is that of the piece on the glass, also after a seam", () => {
    const times = createMediaTimes();
    times.add({ media_from: 0, media_to: 10, wall_from: 1_000_000 });
    times.add({ media_from: 10, media_to: 20, wall_from: 1_010_080 });
    expect(times.wallAt(5)).toBe(1_005_000);
    expect(times.wallAt(12)).toBe(1_012_080);
    expect(times.mediaAt(1_012_080)).toBe(12);
  });

  test("in a hole nothing is claimed", () => {
    const times = createMediaTimes();
    times.add({ media_from: 0, media_to: 10, wall_from: 0 });
    times.add({ media_from: 60, media_to: 70, wall_from: 60_000 });
    expect(times.wallAt(30)).toBeNull();
    expect(times.mediaAt(30_000)).toBeNull();
  });

  test("pieces that nearly touch are joined, others keep their distance", () => {
    expect(placeOf(10_080, 0, FIRST_SECONDS + 10)).toBe(FIRST_SECONDS + 10);
    expect(placeOf(12_000, 0, FIRST_SECONDS + 10)).toBe(FIRST_SECONDS + 12);
    expect(placeOf(5000, 0, null)).toBe(FIRST_SECONDS + 5);
  });
});
