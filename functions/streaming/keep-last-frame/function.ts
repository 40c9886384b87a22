import { createHash } from "node:crypto";
import { frames } from "#lib/function/define.ts";
import { AppError } from "#lib/errors.ts";
import { picturesOf } from "../thumbnails.ts";

const LAST_SECONDS = 30;
const EVERY_SECONDS = 10;

/** Until plates are read from frames, they give each camera a last picture and a thumbnail every ten seconds. */
export const keepLastFrame = frames({
  name: "keep-last-frame",
  summary: "Keeps each camera's last picture, and a thumbnail every ten seconds",
  frames: { parallel: 2 },
  needs: ["cache", "objects"],
  async handle({ cidade_id, camera_id, captured_at, format, bytes }, { cache, objects }) {
    await cache.set(`camera:${camera_id}:last_frame`, bytes, { ttl_seconds: LAST_SECONDS });
    const slot = Math.floor(captured_at.getTime() / 1000 / EVERY_SECONDS);
    const first = await cache.limit(`thumbnail:${camera_id}:${slot}`, { count: 1, seconds: EVERY_SECONDS * 2 });
    if (!first.allowed) return;
    const pictures = await picturesOf(format, bytes);
    if (!pictures) throw new AppError("final", "The frame cannot be decoded", { reason: "frame.undecodable" });
    const key = `${cidade_id}/${camera_id}/${new Date(slot * EVERY_SECONDS * 1000).toISOString().slice(0, 10)}/${slot}`;
    await store(objects, `${key}.jpg`, pictures.small);
    await store(objects, `${key}-wide.jpg`, pictures.wide);
    await cache.set(
      `camera:${camera_id}:last_picture`,
      JSON.stringify({ key: `${key}-wide.jpg`, captured_at: captured_at.toISOString() }),
      { ttl_seconds: 3600 },
    );
  },
});

const store = async (
  objects: Parameters<typeof keepLastFrame.handle>[1]["objects"],
  key: string,
  bytes: Uint8Array,
): Promise<void> => {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  await objects.put("thumbnails", key, bytes, { content_type: "image/jpeg", sha256 }).catch((error: unknown) => {
    // A frame that is offered again gives other bytes of the same ten seconds: the first stays.
    if (!(error instanceof AppError) || error.code !== "conflict") throw error;
  });
};
