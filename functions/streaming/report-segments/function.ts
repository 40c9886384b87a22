import type { TransactionSql } from "#lib/db/connect.ts";
import { http } from "#lib/function/define.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import { SegmentReceipt, SegmentReport, type NewSegment } from "../contract.ts";
import { closeGaps } from "../gaps.ts";
import { believedTimes, insertSegment, objectKeyOf, oldestDay } from "../segments.ts";

export const reportSegments = http({
  name: "report-segments",
  summary: "Lists segments that an agent has stored; each is looked at in the store first",
  http: { method: "POST", path: "/api/agents/segments", access: "agent", max_body_bytes: 8 * 1024 * 1024 },
  needs: ["transaction", "objects", "clock"],
  timeout_seconds: 30,
  input: SegmentReport,
  output: SegmentReceipt,
  async handle({ segments }, { transaction, objects, clock, caller }) {
    const cidade_id = caller.cities[0] ?? "";
    const stored = await Promise.all(segments.map((segment) => reasonAgainst(objects, cidade_id, segment)));
    return transaction(async ({ sql }) => {
      const oldest = await oldestDay(sql);
      const known = await knownRecordings(sql, cidade_id, segments);
      const accepted: string[] = [];
      const refused: { id: string; reason: string }[] = [];
      for (const [index, segment] of segments.entries()) {
        const reason = known.has(`${segment.recording_id} ${segment.camera_id}`)
          ? (stored[index] ?? null)
          : "unknown_recording";
        if (reason) refused.push({ id: segment.id, reason });
        else {
          const believed = believedTimes(segment, oldest, clock());
          await insertSegment(sql, segment, believed, {
            cidade_id,
            agent_id: caller.id,
            object_key: objectKeyOf(cidade_id, segment),
          });
          await closeGaps(sql, cidade_id, segment.camera_id, believed.captured_at);
          accepted.push(segment.id);
        }
      }
      return { accepted, refused };
    });
  },
});

const reasonAgainst = async (objects: ObjectStore, cidade_id: string, segment: NewSegment): Promise<string | null> => {
  const head = await objects.head("recordings", objectKeyOf(cidade_id, segment));
  if (!head) return "not_stored";
  return head.bytes === segment.bytes && head.sha256 === segment.sha256 ? null : "wrong_bytes";
};

const knownRecordings = async (
  sql: TransactionSql,
  cidade_id: string,
  segments: readonly NewSegment[],
): Promise<Set<string>> => {
  const ids = [...new Set(segments.map(({ recording_id }) => recording_id))];
  const rows = await sql<
    { id: string; camera_id: string }[]
  >`select id, camera_id from recordings where cidade_id = ${cidade_id} and id = any (${ids}::uuid[])`;
  return new Set(rows.map(({ id, camera_id }) => `${id} ${camera_id}`));
};
