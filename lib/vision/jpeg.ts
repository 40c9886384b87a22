/** Pictures to be kept, out of the pixels that were decoded once. */
import { setImmediate as nextTurn } from "node:timers/promises";
import sharp from "sharp";
import { rgbRow, wholePixels, type Pixels } from "./pixels.ts";
import type { Box, Picture } from "./picture.ts";
import type { JpegOptions } from "./sight.ts";

const QUALITY = 85;
/** Converted between two turns of the event loop: two milliseconds' worth. */
const PIXELS_A_TURN = 256 * 1024;

/** Of the whole picture, or of what the box shows. `max_width`: larger ones are made smaller, never larger. */
export const jpegOf = async (picture: Picture, box?: Box, options: JpegOptions = {}): Promise<Uint8Array> => {
  const { bytes, width, height, channels } = await pixelsOf(picture, wholePixels(picture, box));
  const image = sharp(bytes, { raw: { width, height, channels } });
  if (options.max_width !== undefined && options.max_width < width) image.resize({ width: options.max_width });
  if (channels === 1) image.toColourspace("b-w");
  return image.jpeg({ quality: options.quality ?? QUALITY }).toBuffer();
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
