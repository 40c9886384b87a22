/** The last picture of each camera that was kept, and the thumbnails of the times before it. */
import * as z from "zod";
import type { Cache } from "#lib/cache/cache.ts";
import { AppError } from "#lib/errors.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import type { Thumbnails } from "./thumbnails.ts";

/** A thumbnail stands for this long. */
export const SLOT_SECONDS = 10;
const LAST_PICTURE_SECONDS = 3600;

const LastPicture = z.object({ key: z.string(), captured_at: z.string() });
type LastPicture = z.infer<typeof LastPicture>;

type OfCamera = { cidade_id: string; camera_id: string };

const lastPictureKey = (camera_id: string): string => `camera:${camera_id}:last_picture`;
const folderOf = ({ cidade_id, camera_id }: OfCamera): string => `${cidade_id}/${camera_id}/`;
const dayOf = (time: Date): string => time.toISOString().slice(0, 10);

export const slotOf = (captured_at: Date): number => Math.floor(captured_at.getTime() / 1000 / SLOT_SECONDS);

export const keepPictures = async (
  { objects, cache }: { objects: ObjectStore; cache: Cache },
  frame: OfCamera & { captured_at: Date },
  { small, wide }: Thumbnails,
): Promise<void> => {
  const { camera_id, captured_at } = frame;
  const slot = slotOf(captured_at);
  const key = `${folderOf(frame)}${dayOf(new Date(slot * SLOT_SECONDS * 1000))}/${slot}`;
  await store(objects, `${key}.jpg`, small);
  await store(objects, `${key}-wide.jpg`, wide);
  const last: LastPicture = { key: `${key}-wide.jpg`, captured_at: captured_at.toISOString() };
  await cache.set(lastPictureKey(camera_id), JSON.stringify(last), { ttl_seconds: LAST_PICTURE_SECONDS });
};

const store = async (objects: ObjectStore, key: string, bytes: Uint8Array): Promise<void> => {
  await objects.put("thumbnails", key, bytes, { content_type: "image/jpeg" }).catch((error: unknown) => {
    // A frame that is offered again gives other bytes of the same ten seconds: the first stays.
    if (!(error instanceof AppError) || error.code !== "conflict") throw error;
  });
};

export const findLastPicture = async (cache: Cache, camera_id: string): Promise<LastPicture | null> => {
  const kept = await cache.get(lastPictureKey(camera_id));
  return kept && LastPicture.parse(JSON.parse(new TextDecoder().decode(kept)));
};

/** Whole days (UTC) before `before`. Keys come in ascending order, so that what stays is never listed as a whole. */
export const deleteThumbnails = async (objects: ObjectStore, camera: OfCamera, before: Date): Promise<void> => {
  const folder = folderOf(camera);
  for (;;) {
    const page = await objects.list("thumbnails", folder);
    const old = page.filter(({ key }) => key.slice(folder.length) < dayOf(before));
    await Promise.all(old.map(({ key }) => objects.delete("thumbnails", key)));
    if (old.length === 0 || old.length < page.length) return;
  }
};
