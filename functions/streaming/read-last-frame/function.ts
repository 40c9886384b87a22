import { http } from "#lib/function/define.ts";
import { knownCamera } from "../cameras.ts";
import { LastFrame, OfCamera } from "../contract.ts";
import { findLastPicture } from "../last-frames.ts";

const URL_SECONDS = 300;

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
    const last = await findLastPicture(cache, camera_id);
    if (!last) return { camera_id, captured_at: null, url: null };
    const { url } = await objects.signedGet("thumbnails", last.key, { expires_in_seconds: URL_SECONDS });
    return { camera_id, captured_at: last.captured_at, url };
  },
});
