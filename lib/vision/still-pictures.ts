/** Files of pictures to pixels: one decoding each, upright, eight bits, whatever the file calls itself. */
import { setImmediate as nextTurn } from "node:timers/promises";
import sharp, { type Metadata, type Sharp } from "sharp";
import { AppError } from "#lib/errors.ts";
import { lumaOfRgb } from "./pixels.ts";
import type { Picture } from "./picture.ts";

/** By content; `heif` is AVIF here (the library is built without the codec of HEIC). */
const formats = new Set(["jpeg", "png", "webp", "tiff", "gif", "heif"]);
/** Three and a half times the largest camera: 8K with its margins. Told before anything is decoded. */
export const MOST_PIXELS = 36_000_000;
/**
 * Above it not even a smaller picture is made. Where a decoder holds the whole picture, however small the one that is wanted, that is
 * less: three bytes a pixel of an interlaced PNG, four of a GIF, six of a progressive JPEG, fifteen of an AVIF (of 14000 × 14000 the
 * first three took 0.9, 1.2 and 1.5 GB, others 0.4; an AVIF of 8000 × 8000 took 1.2 GB).
 */
const mostToShrink = ({ format, isProgressive }: Metadata): number => {
  if (format === "heif") return MOST_PIXELS;
  return isProgressive === true || format === "gif" ? 64_000_000 : LARGEST;
};
const LARGEST = 400_000_000;
const LIMIT_SECONDS = 30;
/** Of a cut-off picture the rows that came are used: they may show the plate. Less than this share is nothing. */
const LEAST_SHARE = 0.05;
const PIXELS_A_TURN = 512 * 1024;

export type StillOptions = {
  most_pixels?: number;
  /** Pictures above the limit are refused, or made smaller while they are decoded. Default `refuse`. */
  too_large?: "refuse" | "shrink";
};

const invalid = (message: string, reason: string, params = {}, cause?: unknown): AppError =>
  new AppError("invalid", message, { reason, params, ...(cause === undefined ? {} : { cause }) });

/** Throws `invalid`: `picture.unsupported`, `picture.too_large`, `picture.truncated`, `picture.damaged`. */
export const decodeStill = async (bytes: Uint8Array, options: StillOptions = {}): Promise<Picture> => {
  const about = await describe(bytes);
  const size = sizeWithin(about, options);
  const grey = about.space === "b-w" || about.space === "grey16";
  try {
    const { data, info } = await pipelineOf(bytes, about, size, grey).toBuffer({ resolveWithObject: true });
    if (isCutOff(about.format, bytes) && rowsIn(data, info.height) < info.height * LEAST_SHARE)
      throw invalid("The picture ends before it begins", "picture.truncated");
    return pictureOf(data, info.width, info.height, grey);
  } catch (error) {
    throw error instanceof AppError ? error : invalid("The picture is damaged", "picture.damaged", {}, error);
  }
};

/** Its header only. */
const describe = async (bytes: Uint8Array): Promise<Metadata> => {
  const format = formatOf(bytes);
  try {
    const about = await sharp(bytes, { limitInputPixels: false }).metadata();
    if (about.format !== undefined && formats.has(about.format)) return about;
  } catch (error) {
    if (format) throw invalid("The picture ends in its header", "picture.truncated", { format }, error);
  }
  throw invalid("This is no picture of a known kind", "picture.unsupported");
};

const sizeWithin = (about: Metadata, options: StillOptions): { width: number; height: number } | null => {
  const most = options.most_pixels ?? MOST_PIXELS;
  const { width, height } = about.autoOrient;
  const pixels = width * height;
  if (pixels <= most) return null;
  if (options.too_large !== "shrink" || pixels > mostToShrink(about))
    throw invalid(`The picture has ${width}×${height} pixels`, "picture.too_large", { width, height });
  const scale = Math.sqrt(most / pixels);
  return { width: Math.max(1, Math.floor(width * scale)), height: Math.max(1, Math.floor(height * scale)) };
};

const pipelineOf = (
  bytes: Uint8Array,
  about: Metadata,
  size: { width: number; height: number } | null,
  grey: boolean,
): Sharp => {
  const image = sharp(bytes, {
    failOn: "none",
    limitInputPixels: LARGEST,
    // Colour profiles would shift the greys that the networks know; inks mean nothing without theirs.
    ignoreIcc: about.space !== "cmyk",
  }).timeout({ seconds: LIMIT_SECONDS });
  image.autoOrient();
  // Its size is that of the upright picture: in whatever order they are asked for, it is turned first.
  if (size) image.resize({ ...size, fit: "fill" });
  if (about.hasAlpha) image.flatten({ background: "#fff" });
  return image.toColourspace(grey ? "b-w" : "srgb").raw();
};

const pictureOf = async (data: Buffer, width: number, height: number, grey: boolean): Promise<Picture> => {
  const bytes = new Uint8Array(new SharedArrayBuffer(data.byteLength));
  bytes.set(data);
  if (grey) return { width, height, luma: bytes, colour: { form: "grey" } };
  const luma = new Uint8Array(new SharedArrayBuffer(width * height));
  await lumaInTurns(bytes, luma);
  return { width, height, luma, colour: { form: "rgb", pixels: bytes } };
};

/** Gives others their turn in between: health and signals wait for nobody's 8K picture. */
export const lumaInTurns = async (pixels: Uint8Array, luma: Uint8Array): Promise<void> => {
  for (let from = 0; from < luma.length; from += PIXELS_A_TURN) {
    if (from > 0) await nextTurn();
    lumaOfRgb(pixels, luma, from, Math.min(from + PIXELS_A_TURN, luma.length));
  }
};

const begins = (bytes: Uint8Array, magic: readonly number[]): boolean => magic.every((byte, at) => bytes[at] === byte);
const formatOf = (bytes: Uint8Array): "jpeg" | "png" | null => {
  if (begins(bytes, [0xff, 0xd8, 0xff])) return "jpeg";
  return begins(bytes, [0x89, 0x50, 0x4e, 0x47]) ? "png" : null;
};

/** Cameras pad to a block: zeros after the end are no fault. What a thumbnail in the header ends with is not the end. */
const isCutOff = (format: string | undefined, bytes: Uint8Array): boolean => {
  if (format === "png") return !Buffer.from(bytes.subarray(-64)).includes("IEND");
  let end = bytes.length;
  while (end > 2 && bytes[end - 1] === 0) end -= 1;
  return format === "jpeg" && !(bytes[end - 2] === 0xff && bytes[end - 1] === 0xd9);
};

/** Rows before the stretch of equal ones that a decoder puts where nothing came. */
const rowsIn = (data: Buffer, height: number): number => {
  const each = data.byteLength / height;
  const row = (at: number): Buffer => data.subarray(at * each, (at + 1) * each);
  let rows = height - 1;
  while (rows > 0 && row(rows - 1).equals(row(height - 1))) rows -= 1;
  return rows;
};
