import { cron, type Needs } from "#lib/function/define.ts";
import { countExpired, deleteRows, listExpired, mustBeModest } from "../retention.ts";

const DAY_MS = 86_400_000;
const BATCH = 500;
/** Days of rows that the longest plan may need; partitions behind it are dropped whole. */
const LONGEST_PLAN_DAYS = 31;

type Needed = Needs<["transaction", "objects", "clock"]>;

export const deleteExpiredRecordings = cron({
  name: "delete-expired-recordings",
  summary: "Deletes what is older than its city's plan: bytes first, then rows; held segments stay",
  cron: { schedule: "10 3 * * *", timezone: "America/Sao_Paulo" },
  role: "gt_system",
  timeout_seconds: 3600,
  needs: ["transaction", "objects", "clock"],
  async handle(_input, needs) {
    const cities = await needs.transaction(
      ({ sql }) => sql<{ id: string; plano_retencao_dias: number }[]>`select id, plano_retencao_dias from cidades`,
    );
    for (const { id, plano_retencao_dias } of cities) await clean(needs, id, plano_retencao_dias);
    const last = new Date(needs.clock().getTime() - LONGEST_PLAN_DAYS * DAY_MS).toISOString().slice(0, 10);
    // A partition in which something is held is not dropped.
    await needs.transaction(
      ({ sql }) => sql`
      select gt_drop_partitions('recording_segments', ${last}::date)
      where not exists (select 1 from recording_segments where captured_at < ${last}::date)`,
    );
  },
});

const clean = async (needs: Needed, cidade_id: string, days: number): Promise<void> => {
  const now = needs.clock();
  const before = new Date(now.getTime() - days * DAY_MS);
  const { expired, total } = await needs.transaction(({ sql }) => countExpired(sql, cidade_id, before, now));
  mustBeModest(expired, total, days);
  for (;;) {
    const batch = await needs.transaction(({ sql }) => listExpired(sql, cidade_id, before, now, BATCH));
    if (batch.length === 0) return;
    for (const { object_key } of batch) await needs.objects.delete("recordings", object_key);
    await needs.transaction(({ sql }) => deleteRows(sql, batch));
    needs.signal.throwIfAborted();
  }
};
