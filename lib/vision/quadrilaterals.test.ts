import { expect, test } from "vitest";
import { boxOf, isQuadrilateral, overlap, pointsOf } from "./quadrilaterals.ts";
import { sharpnessOf } from "./sharpness.ts";

const picture = { width: 640, height: 480 };
const quad = (...numbers: number[]): Float32Array => Float32Array.from(numbers);
const upright = (x: number, y: number, width: number, height: number): Float32Array =>
  quad(x, y, x + width, y, x + width, y + height, x, y + height);

test("a box holds its plate, in whole pixels inside the picture", () => {
  expect(boxOf(pointsOf(quad(10.5, 20.2, 90, 22, 89, 50.5, 9.8, 48)), picture)).toEqual({
    x: 9,
    y: 20,
    width: 82,
    height: 32,
  });
  const outside = boxOf(pointsOf(upright(-30, 470, 60, 30)), picture);
  expect(outside).toEqual({ x: 0, y: 470, width: 31, height: 10 });
});

test("overlap is a share of both", () => {
  const of = (a: Float32Array, b: Float32Array): number => overlap(pointsOf(a), pointsOf(b));
  expect(of(upright(0, 0, 10, 10), upright(0, 0, 10, 10))).toBe(1);
  expect(of(upright(0, 0, 10, 10), upright(5, 0, 10, 10))).toBeCloseTo(1 / 3);
  expect(of(upright(0, 0, 10, 10), upright(20, 0, 10, 10))).toBe(0);
});

test("tilted plates and plates cut by the edge are plates; crossed, mirrored, tiny and far ones are not", () => {
  expect(isQuadrilateral(upright(100, 100, 80, 26), picture)).toBe(true);
  expect(isQuadrilateral(quad(100, 100, 160, 160, 140, 180, 80, 120), picture)).toBe(true);
  expect(isQuadrilateral(upright(-20, 100, 80, 26), picture)).toBe(true);
  expect(isQuadrilateral(quad(100, 100, 180, 126, 180, 100, 100, 126), picture)).toBe(false);
  expect(isQuadrilateral(quad(180, 100, 100, 100, 100, 126, 180, 126), picture)).toBe(false);
  expect(isQuadrilateral(upright(100, 100, 3, 26), picture)).toBe(false);
  expect(isQuadrilateral(upright(-70, 100, 80, 26), picture)).toBe(false);
});

test("sharpness: steep edges are worth more than blurred ones, whatever the contrast; a wall is worth nothing", () => {
  const bars = (blur: number, contrast: number): Float32Array =>
    Float32Array.from({ length: 160 * 64 }, (_, at) => {
      const phase = ((at % 160) % 16) - 8;
      return 128 + contrast * Math.max(-1, Math.min(1, (Math.abs(phase) - 4) / blur));
    });
  expect(sharpnessOf(bars(0.5, 100), 160)).toBeGreaterThan(0.9);
  expect(sharpnessOf(bars(0.5, 20), 160)).toBeGreaterThan(0.9);
  expect(sharpnessOf(bars(4, 100), 160)).toBeLessThan(0.4);
  expect(sharpnessOf(bars(0.5, 2), 160)).toBe(0);
});
