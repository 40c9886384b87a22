import { cron } from "#lib/function/define.ts";

const AHEAD_DAYS = 8;

export const keepPartitions = cron({
  name: "keep-partitions",
  summary: "Makes the daily partitions of the days to come",
  cron: { schedule: "5 * * * *", timezone: "UTC" },
  role: "gt_system",
  needs: ["sql", "clock"],
  async handle(_input, { sql, clock }) {
    const today = clock().toISOString().slice(0, 10);
    await sql`select gt_make_partitions(${today}::date - 1, ${today}::date + ${AHEAD_DAYS}::int)`;
  },
});
