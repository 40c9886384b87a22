import { frames } from "#lib/function/define.ts";
import { AppError } from "#lib/errors.ts";
import { keepPictures, SLOT_SECONDS, slotOf } from "../last-frames.ts";
import { picturesOf } from "../thumbnails.ts";

const LAST_FRAME_SECONDS = 30;

/** Until plates are read from frames, they give each camera a last picture and a thumbnail every ten seconds. */
export const keepLastFrame = frames({
  name: "keep-last-frame",
  summary: "Keeps each camera's last picture, and a thumbnail every ten seconds",
  frames: { parallel: 2 },
  needs: ["cache", "objects"],
  async handle(frame, { cache, objects, attempt }) {
    const { camera_id, captured_at, format, bytes } = frame;
    await cache.set(`camera:${camera_id}:last_frame`, bytes, { ttl_seconds: LAST_FRAME_SECONDS });
    const slot = `thumbnail:${camera_id}:${slotOf(captured_at)}`;
    const { allowed } = await cache.limit(slot, { count: 1, seconds: SLOT_SECONDS * 2 });
    // A frame that is offered again took the slot itself, and did not come to its end.
    if (!allowed && attempt === 1) return;
    const pictures = await picturesOf(format, bytes);
    if (!pictures) throw new AppError("final", "The frame cannot be decoded", { reason: "frame.undecodable" });
    await keepPictures({ objects, cache }, frame, pictures);
  },
});
