/** All that a process needs to see: opened once, lent to functions as `vision` and `pictures`. */
import type { Box, Picture } from "./picture.ts";
import type { PictureDecoder } from "./picture-decoder.ts";
import type { LookForVehicles } from "./vehicles/vehicles.ts";
import type { Vision } from "./vision.ts";

export type JpegOptions = {
  quality?: number;
  /** Larger ones are made smaller, never larger. */
  max_width?: number;
  /** Made to fit into this, black beside it. */
  exactly?: { width: number; height: number };
};

export type Pictures = Pick<PictureDecoder, "decode" | "counts"> & {
  /** Asked once for each picture of a source, in the order in which they come: `false`, where nothing has changed (`gate.ts`). */
  worthLooking(source: string, picture: Picture): boolean;
  /** What carries the plates that are found in the picture (`vehicles/vehicles.ts`). */
  lookForVehicles: LookForVehicles;
  /** Of the whole picture, or of what the box shows of it. */
  jpegOf(picture: Picture, box?: Box, options?: JpegOptions): Promise<Uint8Array>;
};

export type Sight = { vision: Vision; pictures: Pictures; close(): Promise<void> };
