import { http } from "#lib/function/define.ts";
import * as z from "zod";
import { knownCamera } from "../cameras.ts";
import { LastFrame, OfCamera } from "../contract.ts";

const Kept = z.object({ key: z.string(), captured_at: z.string() });

export const readLastFrame = http({
  name: "read-last-frame",
  summary: "The last picture of a camera that was kept, at most some ten seconds old while it is well",
  http: {
    method: "GET",
    path: "/api/cameras/{camera_id}/last-frame",
    access: { permission: "live.view", cities: "callers" },
  },
  needs: ["sql", "cache", "objects"],
  input: OfCamera,
  output: LastFrame,
  async handle({ camera_id }, { sql, cache, objects }) {
    await knownCamera(sql, camera_id);
    const kept = await cache.get(`camera:${camera_id}:last_picture`);
    if (!kept) return { camera_id, captured_at: null, url: null };
    const { key, captured_at } = Kept.parse(JSON.parse(new TextDecoder().decode(kept)));
    const { url } = await objects.signedGet("thumbnails", key, { expires_in_seconds: 300 });
    return { camera_id, captured_at, url };
  },
});
