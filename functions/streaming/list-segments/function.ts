import { http } from "#lib/function/define.ts";
import { knownCamera } from "../cameras.ts";
import { PlayableSegments, SegmentQuery } from "../contract.ts";
import { listSegmentRows } from "../segments.ts";
import { readWindow } from "../timeline.ts";

const LONGEST_MS = 15 * 60_000;
const URL_SECONDS = 600;

export const listSegments = http({
  name: "list-segments",
  summary: "The segments of at most 15 minutes, with signed addresses to play them from",
  http: { method: "GET", path: "/api/segments", access: { permission: "recordings.view", cities: "callers" } },
  needs: ["transaction", "objects", "audit"],
  audited: true,
  input: SegmentQuery,
  output: PlayableSegments,
  async handle({ camera_id, ...query }, { transaction, objects, audit }) {
    const { from, to } = readWindow(query, LONGEST_MS);
    const rows = await transaction(async ({ sql }) => {
      const { cidade_id } = await knownCamera(sql, camera_id);
      audit.note({ object_type: "camera", object_id: camera_id, cidade_id, details: { from, to } });
      return listSegmentRows(sql, { cidade_id, camera_id }, from, to);
    });
    const segments = rows.map(async ({ object_key, captured_at, wall_end, ...row }) => {
      const { url, expires_at } = await objects.signedGet("recordings", object_key, {
        expires_in_seconds: URL_SECONDS,
      });
      return {
        ...row,
        captured_at: captured_at.toISOString(),
        wall_end: wall_end.toISOString(),
        url,
        url_expires_at: expires_at.toISOString(),
      };
    });
    return { segments: await Promise.all(segments) };
  },
});
