import { frames } from "#lib/function/define.ts";
import { keepPictures, SLOT_SECONDS, slotOf } from "../last-frames.ts";
import { thumbnailsOf } from "../thumbnails.ts";

const LAST_FRAME_SECONDS = 30;

export const keepLastFrame = frames({
  name: "keep-last-frame",
  summary: "Keeps each camera's last picture, and a thumbnail every ten seconds",
  frames: { parallel: 2 },
  needs: ["cache", "objects", "pictures"],
  async handle(frame, { cache, objects, pictures, attempt }) {
    const { camera_id, captured_at, bytes } = frame;
    await cache.set(`camera:${camera_id}:last_frame`, bytes, { ttl_seconds: LAST_FRAME_SECONDS });
    const slot = `thumbnail:${camera_id}:${slotOf(captured_at)}`;
    const { allowed } = await cache.limit(slot, { count: 1, seconds: SLOT_SECONDS * 2 });
    // A frame that is offered again took the slot itself, and did not come to its end.
    if (!allowed && attempt === 1) return;
    await keepPictures({ objects, cache }, frame, await thumbnailsOf(pictures, frame));
  },
});
