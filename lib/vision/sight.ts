/** All that a process needs to see: opened once, lent to functions as `vision` and `pictures`. */
import type { Box, Picture } from "./picture.ts";
import type { PictureDecoder } from "./picture-decoder.ts";
import type { Vision } from "./vision.ts";

export type JpegOptions = { quality?: number; max_width?: number };

export type Pictures = Pick<PictureDecoder, "decode" | "counts"> & {
  /** Asked once for each picture of a source, in the order in which they come: `false`, where nothing has changed (`gate.ts`). */
  worthLooking(source: string, picture: Picture): boolean;
  /** Of the whole picture, or of what the box shows of it. */
  jpegOf(picture: Picture, box?: Box, options?: JpegOptions): Promise<Uint8Array>;
};

export type Sight = { vision: Vision; pictures: Pictures; close(): Promise<void> };
