import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, expect, test } from "vitest";
import type { Picture } from "#lib/vision/picture.ts";
import { drawPlates, makeFolder } from "./drawing.ts";
import type { Plate } from "./lines.ts";

const folder = mkdtempSync(join(tmpdir(), "gt-drawing-"));
afterAll(() => rmSync(folder, { recursive: true }));

const [width, height] = [960, 540];
const luma = new Uint8Array(new SharedArrayBuffer(width * height)).fill(120);
const picture: Picture = { width, height, luma, colour: { form: "grey" } };
const plate: Plate = {
  text: "WAB1234",
  confidence: 0.97,
  alternatives: [
    { text: "WAB1234", confidence: 0.97 },
    { text: "WAB1284", confidence: 0.02 },
  ],
  layout: "old",
  rows: 1,
  box: { x: 300, y: 200, width: 200, height: 66 },
  corners: [
    { x: 302, y: 204 },
    { x: 496, y: 202 },
    { x: 498, y: 262 },
    { x: 304, y: 264 },
  ],
  score: 0.9,
  vehicle: null,
};

const drawn = async (plates: Plate[]): Promise<Buffer> => {
  await drawPlates(folder, "below/one", picture, plates);
  return sharp(join(folder, "below", "one.plates.jpg"))
    .raw()
    .toBuffer();
};
/** Where the two differ clearly. */
const apart = (one: Buffer, other: Buffer): { x: number; y: number; width: number; height: number; pixels: number } => {
  let [x, y, right, bottom, pixels] = [width, height, -1, -1, 0];
  for (let at = 0; at < width * height; at += 1) {
    if (![0, 1, 2].some((channel) => Math.abs((one[at * 3 + channel] ?? 0) - (other[at * 3 + channel] ?? 0)) > 60))
      continue;
    const [column, row] = [at % width, Math.floor(at / width)];
    [x, right] = [Math.min(x, column), Math.max(right, column)];
    [y, bottom] = [Math.min(y, row), Math.max(bottom, row)];
    pixels += 1;
  }
  return { x, y, width: right - x + 1, height: bottom - y + 1, pixels };
};

test("each character of the text, its certainty and the other readings are drawn, each in its place", async () => {
  const usual = await drawn([plate]);
  expect(apart(usual, await drawn([plate])).pixels).toBe(0);
  const other = async (change: Partial<Plate>) => apart(usual, await drawn([{ ...plate, ...change }]));

  const last = await other({
    text: "WAB1237",
    alternatives: [{ text: "WAB1237", confidence: 0.97 }, plate.alternatives[1]!],
  });
  const first = await other({
    text: "XAB1234",
    alternatives: [{ text: "XAB1234", confidence: 0.97 }, plate.alternatives[1]!],
  });
  const certainty = await other({ confidence: 0.98 });
  const reading = await other({ alternatives: [plate.alternatives[0]!, { text: "WAB1264", confidence: 0.02 }] });
  const none = await other({ alternatives: [plate.alternatives[0]!] });
  for (const { width: wide, height: tall, pixels } of [first, last, certainty, reading]) {
    expect(pixels).toBeGreaterThan(8);
    expect(Math.max(wide, tall)).toBeLessThan(24);
  }
  expect(first.y).toBeGreaterThan(plate.box.y + plate.box.height);
  expect(first.x).toBeLessThan(last.x);
  expect(last.x).toBeLessThan(certainty.x);
  expect(reading.y).toBeGreaterThan(last.y + last.height);
  expect(none.pixels).toBeGreaterThan(reading.pixels);
});

test("box and corners are drawn where they are; what is doubtful has another colour", async () => {
  const clean = await drawn([]);
  const colourAt = (image: Buffer, x: number, y: number): number[] => [
    ...image.subarray((y * width + x) * 3).subarray(0, 3),
  ];
  const [certain, doubtful] = [await drawn([plate]), await drawn([{ ...plate, confidence: 0.3 }])];
  const [red = 0, green = 0] = colourAt(certain, 302, 204);
  expect(green).toBeGreaterThan(red + 80);
  const [more = 0, less = 0] = colourAt(doubtful, 302, 204);
  expect(more).toBeGreaterThan(less + 40);
  const marks = apart(clean, certain);
  expect([marks.x, marks.y].map((edge, at) => Math.abs(edge - [300, 200][at]!) <= 4)).toEqual([true, true]);
});

test("where a file is in the folder's place, one sentence says so", async () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  for (const place of [file, join(file, "below")])
    await expect(makeFolder(place)).rejects.toThrow(`--draw takes a folder, not ${place}: a file is in its place.`);
  await makeFolder(join(folder, "new", "one"));
  expect(readdirSync(join(folder, "new"))).toEqual(["one"]);
});
