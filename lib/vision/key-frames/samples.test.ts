import { expect, test } from "vitest";
import { settleFields } from "./samples.ts";

const [WIDTH, HEIGHT] = [256, 128];
/** Bars of 12 pixels, whose second field was taken when they had moved on by `moved`. */
const bars = (moved: number): Uint8Array =>
  Uint8Array.from({ length: WIDTH * HEIGHT }, (_, at) => {
    const [column, row] = [at % WIDTH, Math.floor(at / WIDTH)];
    return Math.floor((column + (row % 2) * moved) / 12) % 2 === 0 ? 40 : 210;
  });

test("what moved between two fields is no comb any more", () => {
  const luma = bars(6);
  settleFields(luma, WIDTH, HEIGHT);
  const still = bars(0);
  const inside = luma.subarray(0, WIDTH * (HEIGHT - 1));
  expect(Buffer.from(inside).equals(Buffer.from(still.subarray(0, WIDTH * (HEIGHT - 1))))).toBe(true);
});

test("where nothing moved every row stays as it was taken", () => {
  const rows = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, at) => (Math.floor(at / WIDTH / 3) % 2) * 200);
  for (const picture of [bars(0), rows]) {
    const before = Buffer.from(picture);
    settleFields(picture, WIDTH, HEIGHT);
    expect(before.equals(picture)).toBe(true);
  }
});
