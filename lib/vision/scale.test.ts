import { expect, test } from "vitest";
import { detectorSize } from "./detector-size.ts";
import { scaleLuma, type Size } from "./scale.ts";

/** The mean of what each small pixel covers, in plain words. */
const plain = (luma: Uint8Array, from: Size, to: Size): Float64Array => {
  const small = new Float64Array(to.width * to.height);
  const share = (at: number, low: number, high: number): number => Math.min(at + 1, high) - Math.max(at, low);
  for (let y = 0; y < to.height; y += 1) {
    const [top, bottom] = [(y * from.height) / to.height, ((y + 1) * from.height) / to.height];
    for (let x = 0; x < to.width; x += 1) {
      const [left, right] = [(x * from.width) / to.width, ((x + 1) * from.width) / to.width];
      let sum = 0;
      for (let row = Math.floor(top); row < bottom - 1e-9; row += 1)
        for (let column = Math.floor(left); column < right - 1e-9; column += 1)
          sum += (luma[row * from.width + column] ?? 0) * share(row, top, bottom) * share(column, left, right);
      small[y * to.width + x] = sum / ((bottom - top) * (right - left));
    }
  }
  return small;
};

const noise = ({ width, height }: Size, offset = 0): Uint8Array => {
  const bytes = new Uint8Array(new SharedArrayBuffer(width * height + offset), offset);
  let state = 12_345;
  for (let at = 0; at < bytes.length; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
};

test.each([
  { from: { width: 1920, height: 1080 }, to: { width: 672, height: 384 } },
  { from: { width: 1920, height: 1080 }, to: { width: 960, height: 544 } },
  { from: { width: 1280, height: 720 }, to: { width: 640, height: 360 } },
  { from: { width: 1001, height: 603 }, to: { width: 640, height: 384 } },
  { from: { width: 4000, height: 3000 }, to: { width: 576, height: 416 } },
  { from: { width: 640, height: 384 }, to: { width: 640, height: 384 } },
])("each pixel is the mean of what it covers: $from.width×$from.height", ({ from, to }) => {
  for (const offset of [0, 3]) {
    const luma = noise(from, offset);
    const [made, wanted] = [scaleLuma(luma, from, to), plain(luma, from, to)];
    const worst = made.reduce((most, value, at) => Math.max(most, Math.abs(value - (wanted[at] ?? 0))), 0);
    expect(worst).toBeLessThan(2);
    const mean = made.reduce((sum, value, at) => sum + value - (wanted[at] ?? 0), 0) / made.length;
    expect(Math.abs(mean)).toBeLessThan(0.15);
  }
});

test("white stays white and black stays black, whatever the size", () => {
  for (const from of [
    { width: 1919, height: 1079 },
    { width: 14_000, height: 200 },
    { width: 90, height: 40 },
    { width: 3, height: 3 },
    { width: 1, height: 1 },
  ]) {
    const to = detectorSize(from);
    for (const level of [0, 255]) {
      const made = scaleLuma(new Uint8Array(from.width * from.height).fill(level), from, to);
      expect(made.every((value) => value === level)).toBe(true);
    }
  }
});

test("a small picture is enlarged between its pixels", () => {
  const made = scaleLuma(Uint8Array.from([0, 100, 200, 100]), { width: 2, height: 2 }, { width: 4, height: 4 });
  expect([...made.subarray(0, 4)]).toEqual([0, 25, 75, 100]);
  expect(made[12]).toBe(200);
});

test("the detector is shown more of large pictures, unless it is said how much", () => {
  const sizes: [Size, Size][] = [
    [
      { width: 1280, height: 720 },
      { width: 960, height: 544 },
    ],
    [
      { width: 707, height: 707 },
      { width: 480, height: 480 },
    ],
    [
      { width: 708, height: 708 },
      { width: 736, height: 736 },
    ],
    [
      { width: 1920, height: 1080 },
      { width: 960, height: 544 },
    ],
    [
      { width: 1080, height: 1920 },
      { width: 544, height: 960 },
    ],
    [
      { width: 2560, height: 1440 },
      { width: 1280, height: 736 },
    ],
    [
      { width: 3840, height: 2160 },
      { width: 1920, height: 1088 },
    ],
  ];
  for (const [from, to] of sizes) expect(detectorSize(from), `${from.width}×${from.height}`).toEqual(to);
  expect(detectorSize({ width: 3840, height: 2160 }, 640 * 384)).toEqual({ width: 672, height: 384 });
  expect(detectorSize({ width: 640, height: 384 }, 960 * 544)).toEqual({ width: 928, height: 544 });
});

test("both sides of the detector's look are multiples of 32, at most twice as large as the picture", () => {
  expect(detectorSize({ width: 100, height: 60 })).toEqual({ width: 192, height: 128 });
  expect(detectorSize({ width: 20_000, height: 10 })).toEqual({ width: 22_176, height: 32 });
});
