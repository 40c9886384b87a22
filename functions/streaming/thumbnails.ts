/** Small pictures from key frames: one 640 wide for people, one of 160×90 for lists. */
import { AppError } from "#lib/errors.ts";
import type { Frame } from "#lib/frames/frames.ts";
import type { Pictures } from "#lib/vision/sight.ts";

export type Thumbnails = { wide: Uint8Array; small: Uint8Array };

const QUALITY = 75;

/** Throws `final` for what cannot be decoded. */
export const thumbnailsOf = async (pictures: Pictures, frame: Frame): Promise<Thumbnails> => {
  const picture = await decode(pictures, frame);
  const wide = await pictures.jpegOf(picture, undefined, { max_width: 640, quality: QUALITY });
  const small = await pictures.jpegOf(picture, undefined, { exactly: { width: 160, height: 90 }, quality: QUALITY });
  return { wide, small };
};

const decode = async (pictures: Pictures, { camera_id, format, bytes }: Frame) => {
  try {
    // A name of its own: the next frame, whose plates are read, must not take this one's place.
    return await pictures.decode(`${camera_id} thumbnail`, format, bytes);
  } catch (cause) {
    if (!(cause instanceof AppError) || cause.code !== "invalid") throw cause;
    throw new AppError("final", "The frame cannot be decoded", { reason: "frame.undecodable", cause });
  }
};
