/* oxlint-disable typescript/no-non-null-assertion -- a check per pixel would double the time, and the loops know their bounds */
/** Pixels of a picture as others want them: red, green and blue, or one grey. */
import type { Box, Colour, Picture } from "./picture.ts";

/** `channels`: 3 interleaved, or 1. */
export type Pixels = { width: number; height: number; channels: 1 | 3; bytes: Uint8Array };

/** What blue and red difference are worth, by the standard that a stream names. */
const matrices = {
  bt601: { red: 1.402, blue: 1.772, greenOfBlue: 0.344_136, greenOfRed: 0.714_136 },
  bt709: { red: 1.5748, blue: 1.8556, greenOfBlue: 0.187_324, greenOfRed: 0.468_124 },
} as const;

/** What the box shows; without one everything. A grey picture has three equal channels. */
export const rgbOf = (picture: Picture, box?: Box): Pixels => {
  const part = wholePixels(picture, box);
  const bytes = new Uint8Array(part.width * part.height * 3);
  for (let row = 0; row < part.height; row += 1)
    rgbRow(picture, part, row, bytes.subarray(row * part.width * 3, (row + 1) * part.width * 3));
  return { width: part.width, height: part.height, channels: 3, bytes };
};

/** Whole pixels inside the picture, at least one. */
export const wholePixels = ({ width, height }: Picture, box?: Box): Box => {
  if (!box) return { x: 0, y: 0, width, height };
  const within = (value: number, most: number): number => Math.min(Math.max(value, 0), most);
  const [x, y] = [within(Math.floor(box.x), width - 1), within(Math.floor(box.y), height - 1)];
  const right = within(Math.ceil(box.x + box.width), width);
  const bottom = within(Math.ceil(box.y + box.height), height);
  return { x, y, width: Math.max(right - x, 1), height: Math.max(bottom - y, 1) };
};

export const rgbRow = (picture: Picture, part: Box, row: number, line: Uint8Array): void => {
  const { colour } = picture;
  const start = (part.y + row) * picture.width + part.x;
  if (colour.form === "rgb") line.set(colour.pixels.subarray(start * 3, (start + part.width) * 3));
  else if (colour.form === "yuv420") fromYuv(picture, colour, part, row, line);
  else for (let at = 0; at < line.length; at += 1) line[at] = picture.luma[start + Math.floor(at / 3)]!;
};

const fromYuv = (
  { width, luma }: Picture,
  { u, v, matrix }: Extract<Colour, { form: "yuv420" }>,
  part: Box,
  row: number,
  line: Uint8Array,
): void => {
  const { red, blue, greenOfBlue, greenOfRed } = matrices[matrix];
  const clipped = new Uint8ClampedArray(line.buffer, line.byteOffset, line.byteLength);
  const [start, half] = [(part.y + row) * width, ((part.y + row) >> 1) * ((width + 1) >> 1)];
  for (let at = 0; at < part.width; at += 1) {
    const x = part.x + at;
    const light = luma[start + x]!;
    const du = u[half + (x >> 1)]! - 128;
    const dv = v[half + (x >> 1)]! - 128;
    clipped[at * 3] = light + red * dv;
    clipped[at * 3 + 1] = light - greenOfBlue * du - greenOfRed * dv;
    clipped[at * 3 + 2] = light + blue * du;
  }
};

/** Of interleaved red, green and blue, as JPEG has it (BT.601, full range): what a grey decoding of the same file gives. */
export const lumaOfRgb = (pixels: Uint8Array, luma: Uint8Array, from: number, to: number): void => {
  for (let at = from, of = from * 3; at < to; at += 1, of += 3) {
    const sum = Math.imul(pixels[of]!, 19_595) + Math.imul(pixels[of + 1]!, 38_470) + Math.imul(pixels[of + 2]!, 7471);
    luma[at] = (sum + 32_768) >>> 16;
  }
};
