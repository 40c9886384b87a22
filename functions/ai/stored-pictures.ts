/** A read's pictures in lpr-images: the scene, and the plate close up. */
import { AppError } from "#lib/errors.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import type { Box, Picture } from "#lib/vision/picture.ts";
import type { Pictures } from "#lib/vision/sight.ts";
import type { PictureOf } from "./frame-plans.ts";

const SCENE = { quality: 80, max_width: 1920 };
const PLATE = { quality: 90 };
/** Around the plate, as a share of its width: what holds it tells a plate from a sticker. */
const MARGIN = 0.25;

export const storePictures = async (
  { objects, pictures }: { objects: ObjectStore; pictures: Pictures },
  picture: Picture,
  wanted: readonly PictureOf[],
): Promise<void> => {
  if (wanted.length === 0) return;
  const scene = await pictures.jpegOf(picture, undefined, SCENE);
  await Promise.all(
    wanted.flatMap(({ look, ...keys }) => [
      put(objects, keys.scene, scene),
      pictures.jpegOf(picture, around(look.found.box, picture), PLATE).then((jpeg) => put(objects, keys.plate, jpeg)),
    ]),
  );
};

/** The same look has the same name: whatever lies there is of an earlier try. */
const put = async (objects: ObjectStore, key: string, bytes: Uint8Array): Promise<void> => {
  try {
    await objects.put("lpr-images", key, bytes, { content_type: "image/jpeg" });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "conflict") throw error;
  }
};

const around = ({ x, y, width, height }: Box, picture: Pick<Picture, "width" | "height">): Box => {
  const margin = Math.round(width * MARGIN);
  const [left, top] = [Math.max(0, Math.floor(x) - margin), Math.max(0, Math.floor(y) - margin)];
  return {
    x: left,
    y: top,
    width: Math.min(picture.width - left, Math.ceil(width) + 2 * margin),
    height: Math.min(picture.height - top, Math.ceil(height) + 2 * margin),
  };
};

/** Best effort: what stays is named by no row, and goes with the day it lies under. */
export const deletePictures = async (objects: ObjectStore, keys: readonly string[]): Promise<void> => {
  await Promise.allSettled(keys.map((key) => objects.delete("lpr-images", key)));
};
