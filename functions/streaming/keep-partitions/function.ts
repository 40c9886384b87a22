import { cron } from "#lib/function/define.ts";

const AHEAD_DAYS = 8;
/** Longer than the longest plan. */
const BACK_DAYS = 32;

export const keepPartitions = cron({
  name: "keep-partitions",
  summary: "Makes the daily partitions of the days to come, and drops old ones that are empty",
  cron: { schedule: "5 * * * *", timezone: "UTC" },
  role: "gt_system",
  needs: ["transaction", "clock"],
  async handle(_input, { transaction, clock }) {
    const today = clock().toISOString().slice(0, 10);
    await transaction(
      ({ sql }) => sql`select gt_make_partitions(${today}::date - 1, ${today}::date + ${AHEAD_DAYS}::int)`,
    );
    // Apart: days to come must not fail because somebody reads an old one.
    await transaction(({ sql }) => sql`select gt_drop_empty_partitions(${today}::date - ${BACK_DAYS}::int)`);
  },
});
