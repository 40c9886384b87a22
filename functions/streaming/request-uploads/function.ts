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
    const found = await transaction(
      ({ sql }) =>
        sql<
          { camera_id: string }[]
        >`select camera_id from camera_directory where cidade_id = ${cidade_id} and camera_id = any (${wanted}::uuid[])`,
    );
    const known = new Set(found.map(({ camera_id }) => camera_id));
    const [own, unknown] = [
      segments.filter(({ camera_id }) => known.has(camera_id)),
      segments.filter(({ camera_id }) => !known.has(camera_id)),
    ];
    const uploads = await Promise.all(
      own.map(async (segment) => {
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
    return { uploads, refused: unknown.map(({ id }) => ({ id, reason: "unknown_camera" })) };
  },
});
