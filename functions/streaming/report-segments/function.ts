import type * as z from "zod";
import type { TransactionSql } from "#lib/db/connect.ts";
import { http } from "#lib/function/define.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import { SegmentReceipt, SegmentReport, type NewSegment } from "../contract.ts";
import { closeGaps } from "../gaps.ts";
import { markRunning } from "../recordings.ts";
import { believedTimes, insertSegment, listDays, objectKeyOf } from "../segments.ts";

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
    // Before the transaction: it must not wait for the store.
    const looked = await Promise.all(segments.map((segment) => lookInStore(objects, cidade_id, segment)));
    return transaction(async ({ sql }) => {
      const days = new Set(await listDays(sql));
      const recordings = await knownRecordings(sql, cidade_id, segments);
      const receipt: Receipt = { accepted: [], refused: [] };
      for (const { segment, stored_at, reason } of looked) {
        const believed = stored_at && believedTimes(segment, { stored_at, days, now: clock() });
        const known = recordings.has(`${segment.recording_id} ${segment.camera_id}`);
        const against = known ? reason : "unknown_recording";
        if (against || !believed) receipt.refused.push({ id: segment.id, reason: against ?? "too_old" });
        else {
          const object_key = objectKeyOf(cidade_id, segment);
          await insertSegment(sql, segment, believed, { cidade_id, agent_id: caller.id, object_key });
          await closeGaps(sql, cidade_id, segment.camera_id, believed.captured_at);
          receipt.accepted.push(segment.id);
        }
      }
      const recorded = segments.filter(({ id }) => receipt.accepted.includes(id)).map(({ camera_id }) => camera_id);
      await markRunning(sql, cidade_id, recorded);
      return receipt;
    });
  },
});

type Receipt = z.infer<typeof SegmentReceipt>;
type Looked = { segment: NewSegment; stored_at: Date | null; reason: string | null };

const lookInStore = async (objects: ObjectStore, cidade_id: string, segment: NewSegment): Promise<Looked> => {
  const head = await objects.head("recordings", objectKeyOf(cidade_id, segment));
  if (!head) return { segment, stored_at: null, reason: "not_stored" };
  const same = head.bytes === segment.bytes && head.sha256 === segment.sha256;
  return { segment, stored_at: head.stored_at, reason: same ? null : "wrong_bytes" };
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
