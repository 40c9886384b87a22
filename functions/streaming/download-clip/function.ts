import { AppError } from "#lib/errors.ts";
import { http } from "#lib/function/define.ts";
import { findClip } from "../clips.ts";
import { ById, ClipDownload } from "../contract.ts";

const SECONDS = 300;

export const downloadClip = http({
  name: "download-clip",
  summary: "Gives a signed address to download a clip from",
  http: {
    method: "POST",
    path: "/api/clips/{id}/download",
    access: { permission: "recordings.view", cities: "callers" },
  },
  needs: ["sql", "objects", "audit"],
  audited: true,
  input: ById,
  output: ClipDownload,
  async handle({ id }, { sql, objects, audit }) {
    const clip = await findClip(sql, id);
    const { storage_path, sha256, bytes } = clip;
    if (clip.status !== "READY" || !storage_path || !sha256 || bytes === null) {
      throw new AppError("conflict", "The clip is not ready", {
        reason: "clip.not_ready",
        params: { status: clip.status },
      });
    }
    const filename = `clip-${(clip.actual_start ?? clip.start_time).toISOString().slice(0, 19).replaceAll(":", "-")}Z-${id.slice(-6)}.mp4`;
    const { url, expires_at } = await objects.signedGet("clips", storage_path, {
      expires_in_seconds: SECONDS,
      filename,
    });
    audit.note({ object_type: "clip", object_id: id, cidade_id: clip.cidade_id, details: { sha256 } });
    return { url, expires_at: expires_at.toISOString(), filename, sha256, bytes };
  },
});
