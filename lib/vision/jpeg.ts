/** Pictures to be kept, out of the pixels that were decoded once. */
import { setImmediate as nextTurn } from "node:timers/promises";
import sharp from "sharp";
import { rgbRow, wholePixels, type Pixels } from "./pixels.ts";
import type { Box, Picture } from "./picture.ts";
import type { JpegOptions } from "./sight.ts";

const QUALITY = 85;
/** Converted between two turns of the event loop: two milliseconds' worth. */
const PIXELS_A_TURN = 256 * 1024;

/** Of the whole picture, or of what the box shows. */
export const jpegOf = async (picture: Picture, box?: Box, options: JpegOptions = {}): Promise<Uint8Array> => {
  const seen = box ? picture : await madeSmaller(picture, options);
  const { bytes, width, height, channels } = await pixelsOf(seen, wholePixels(seen, box));
  const image = sharp(bytes, { raw: { width, height, channels } });
  if (options.exactly) image.resize({ ...options.exactly, fit: "contain", background: "#000" });
  else if (options.max_width !== undefined && options.max_width < width) image.resize({ width: options.max_width });
  if (channels === 1) image.toColourspace("b-w");
  return image.jpeg({ quality: options.quality ?? QUALITY }).toBuffer();
};

/** Before red, green and blue are worked out: that is most of the work, and done for every pixel. */
const madeSmaller = async (picture: Picture, { max_width, exactly }: JpegOptions): Promise<Picture> => {
  const { width, height, luma, colour } = picture;
  const wanted = exactly?.width ?? max_width ?? width;
  if (wanted >= width || colour.form === "rgb") return picture;
  const to = { width: wanted, height: Math.max(1, Math.round((height * wanted) / width)) };
  if (colour.form === "grey") return { ...to, luma: await smallerPlane(luma, { width, height }, to), colour };
  const [half, toHalf] = [halved({ width, height }), halved(to)];
  const [small, u, v] = await Promise.all([
    smallerPlane(luma, { width, height }, to),
    smallerPlane(colour.u, half, toHalf),
    smallerPlane(colour.v, half, toHalf),
  ]);
  return { ...to, luma: small, colour: { ...colour, u, v } };
};

type Size = { width: number; height: number };
const halved = ({ width, height }: Size): Size => ({ width: (width + 1) >> 1, height: (height + 1) >> 1 });

/** By sharp and not by `scale.ts`: it takes half as long again, but on a thread of its own. */
const smallerPlane = async (
  plane: Uint8Array,
  { width, height }: Size,
  to: Size,
): Promise<Uint8Array<SharedArrayBuffer>> => {
  const image = sharp(plane, { raw: { width, height, channels: 1 } }).resize({ ...to, fit: "fill", kernel: "linear" });
  const small = await image.toColourspace("b-w").raw().toBuffer();
  const shared = new Uint8Array(new SharedArrayBuffer(small.byteLength));
  shared.set(small);
  return shared;
};

const pixelsOf = async (picture: Picture, part: Box): Promise<Pixels> => {
  const grey = picture.colour.form === "grey";
  const each = part.width * (grey ? 1 : 3);
  const bytes = new Uint8Array(each * part.height);
  const turn = Math.max(1, Math.floor(PIXELS_A_TURN / part.width));
  for (let row = 0; row < part.height; row += 1) {
    const line = bytes.subarray(row * each, (row + 1) * each);
    const start = (part.y + row) * picture.width + part.x;
    if (grey) line.set(picture.luma.subarray(start, start + part.width));
    else rgbRow(picture, part, row, line);
    if (row % turn === turn - 1) await nextTurn();
  }
  return { width: part.width, height: part.height, channels: grey ? 1 : 3, bytes };
};
