/** A read's pictures in lpr-images: the scene, and the plate close up. */
import { AppError } from "#lib/errors.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import type { PictureOf } from "./frame-plans.ts";
import type { Look } from "./looks.ts";

/** Of one frame, as JPEG. */
export type Photographs = {
  /** `false`: whoever looked has not sent them. */
  has(look: Look): boolean;
  scene(): Promise<Uint8Array>;
  plate(look: Look): Promise<Uint8Array>;
};

export const storePictures = async (
  objects: ObjectStore,
  photographs: Photographs,
  wanted: readonly PictureOf[],
): Promise<void> => {
  if (wanted.length === 0) return;
  const scene = await photographs.scene();
  await Promise.all(
    wanted.flatMap(({ look, ...keys }) => [
      put(objects, keys.scene, scene),
      photographs.plate(look).then((jpeg) => put(objects, keys.plate, jpeg)),
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

/** Best effort: what stays is named by no row, and goes with the day it lies under. */
export const deletePictures = async (objects: ObjectStore, keys: readonly string[]): Promise<void> => {
  await Promise.allSettled(keys.map((key) => objects.delete("lpr-images", key)));
};
