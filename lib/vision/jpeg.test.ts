import sharp from "sharp";
import { expect, test } from "vitest";
import { drawnScene, plateScenes } from "#test/harness/drawn-plates.ts";
import { jpegOf } from "./jpeg.ts";
import type { Picture } from "./picture.ts";
import { rgbOf } from "./pixels.ts";

const shared = (length: number, level: number): Uint8Array<SharedArrayBuffer> =>
  new Uint8Array(new SharedArrayBuffer(length)).fill(level);

/** One colour, odd sides. */
const flat = (y: number, u: number, v: number, matrix: "bt601" | "bt709"): Picture => ({
  width: 13,
  height: 9,
  luma: shared(13 * 9, y),
  colour: { form: "yuv420", u: shared(7 * 5, u), v: shared(7 * 5, v), matrix },
});

test.each([
  ["bt601", 76, 85, 255, [254, 0, 0]],
  ["bt601", 29, 255, 107, [0, 0, 254]],
  ["bt709", 54, 99, 255, [254, 0, 1]],
  ["bt709", 182, 30, 12, [0, 255, 0]],
  ["bt601", 128, 128, 128, [128, 128, 128]],
] as const)("%s: %i %i %i is red, green and blue by its standard", (matrix, y, u, v, wanted) => {
  const { bytes, width, height } = rgbOf(flat(y, u, v, matrix));
  expect([width, height, bytes.length]).toEqual([13, 9, 13 * 9 * 3]);
  for (const at of [0, bytes.length - 3])
    for (const [channel, level] of wanted.entries())
      expect(Math.abs((bytes[at + channel] ?? 0) - level)).toBeLessThanOrEqual(2);
});

test("a box takes just its pixels, the right half of colours included; beyond the edge is nothing", () => {
  const picture = flat(128, 128, 128, "bt601");
  picture.luma[4 * 13 + 6] = 200;
  if (picture.colour.form === "yuv420") picture.colour.v[2 * 7 + 3] = 255;
  const one = rgbOf(picture, { x: 6, y: 4, width: 1, height: 1 });
  expect([...one.bytes]).toEqual([255, 109, 200]);
  expect(rgbOf(picture, { x: 10, y: 7, width: 50, height: 50 })).toMatchObject({ width: 3, height: 2 });
  expect(rgbOf(picture, { x: -5, y: -5, width: 7, height: 7 })).toMatchObject({ width: 2, height: 2 });
  expect(rgbOf(picture, { x: 99, y: 99, width: 5, height: 5 })).toMatchObject({ width: 1, height: 1 });
});

test("a grey picture has three equal channels", () => {
  const { bytes } = rgbOf({ width: 2, height: 1, luma: shared(2, 77), colour: { form: "grey" } });
  expect([...bytes]).toEqual([77, 77, 77, 77, 77, 77]);
});

test("a JPEG shows what the picture shows: whole, a part, made smaller but never larger", async () => {
  const picture = await drawnScene(plateScenes.slice(0, 1));
  const box = { x: 540, y: 390, width: 200, height: 80 };
  const whole = await sharp(await jpegOf(picture)).metadata();
  expect([whole.format, whole.width, whole.height, whole.channels]).toEqual(["jpeg", 1280, 720, 3]);
  const small = await sharp(await jpegOf(picture, undefined, { max_width: 320 })).metadata();
  expect([small.width, small.height]).toEqual([320, 180]);
  const part = await jpegOf(picture, box, { max_width: 640, quality: 95 });
  const { data, info } = await sharp(part).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([200, 80]);
  const pixels = rgbOf(picture, box).bytes;
  expect(pixels.reduce((sum, value, at) => sum + Math.abs(value - (data[at] ?? 0)), 0) / pixels.length).toBeLessThan(4);
});

test.each([
  ["yuv420", (): Picture => ({ ...flat(128, 100, 200, "bt601") })],
  ["grey", (): Picture => ({ width: 13, height: 9, luma: shared(13 * 9, 128), colour: { form: "grey" } })],
] as const)(
  "made smaller before or after its colours are worked out, a picture of %s looks the same",
  async (_, make) => {
    const picture = make();
    picture.luma.fill(40, 0, 13 * 5);
    const meanOf = async (jpeg: Uint8Array): Promise<number[]> =>
      (await sharp(jpeg).stats()).channels.map(({ mean }) => mean);
    const [whole, small] = [
      await jpegOf(picture, undefined, { quality: 100 }),
      await jpegOf(picture, undefined, { max_width: 6, quality: 100 }),
    ];
    const about = await sharp(small).metadata();
    expect([about.width, about.height]).toEqual([6, 4]);
    const [before, after] = [await meanOf(whole), await meanOf(small)];
    for (const [channel, mean] of before.entries()) expect(Math.abs(mean - (after[channel] ?? 0))).toBeLessThan(12);
  },
);

test("a picture of an asked size is whole in it, black beside", async () => {
  const picture: Picture = { width: 64, height: 64, luma: shared(64 * 64, 200), colour: { form: "grey" } };
  const made = await jpegOf(picture, undefined, { exactly: { width: 32, height: 16 } });
  const { data, info } = await sharp(made).greyscale().raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([32, 16]);
  const row = [...data.subarray(8 * 32, 9 * 32)];
  expect([row[0], row[31]].every((level) => (level ?? 255) < 30)).toBe(true);
  expect(row[16]).toBeGreaterThan(180);
});

test("a grey picture becomes a grey JPEG", async () => {
  const picture: Picture = { width: 64, height: 48, luma: shared(64 * 48, 90), colour: { form: "grey" } };
  expect(await sharp(await jpegOf(picture)).metadata()).toMatchObject({ channels: 1, width: 64 });
});
