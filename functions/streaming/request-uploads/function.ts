import { AppError } from "#lib/errors.ts";
import { http } from "#lib/function/define.ts";
import { UploadAnswer, UploadRequest } from "../contract.ts";
import { objectKeyOf } from "../segments.ts";

const SECONDS = 600;

export const requestUploads = http({
  name: "request-uploads",
  summary: "Gives an agent signed addresses to store segments at",
  http: { method: "POST", path: "/api/agents/segments/uploads", access: "agent" },
  needs: ["transaction", "objects"],
  input: UploadRequest,
  output: UploadAnswer,
  async handle({ segments }, { transaction, objects, caller }) {
    const cidade_id = caller.cities[0] ?? "";
    const wanted = [...new Set(segments.map(({ camera_id }) => camera_id))];
    const known = await transaction(
      ({ sql }) =>
        sql`select camera_id from camera_directory where cidade_id = ${cidade_id} and camera_id = any (${wanted}::uuid[])`,
    );
    if (known.length < wanted.length) throw new AppError("not_found", "No such camera", { reason: "camera.unknown" });
    const uploads = await Promise.all(
      segments.map(async (segment) => {
        const object_key = objectKeyOf(cidade_id, segment);
        const there = await objects.head("recordings", object_key);
        // Stored but never listed, e.g. by an agent that was killed in between.
        if (there?.sha256 === segment.sha256) return { id: segment.id, object_key, url: null, headers: {} };
        const { bytes, sha256 } = segment;
        const { url, headers } = await objects.signedPut("recordings", object_key, {
          expires_in_seconds: SECONDS,
          bytes,
          sha256,
          content_type: "video/mp4",
        });
        return { id: segment.id, object_key, url, headers };
      }),
    );
    return { uploads };
  },
});
