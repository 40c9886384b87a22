import {
  dropEmptyDays,
  dropOldest,
  dropPublishedDay,
  isTooMuchAudit,
  listPublishedDays,
  makeDays,
  readKeptDays,
  type KeptDays,
} from "#lib/db/partitions.ts";
import { AppError } from "#lib/errors.ts";
import { cron, type Needs } from "#lib/function/define.ts";

type Needed = Needs<["transaction", "clock"]>;

export const keepPartitions = cron({
  name: "keep-partitions",
  summary: "Makes the partitions of the days to come, and drops old days: empty ones, and those that go by their age",
  cron: { schedule: "5 * * * *", timezone: "UTC" },
  role: "gt_system",
  needs: ["transaction", "clock"],
  async handle(_input, needs) {
    const { transaction, clock } = needs;
    const now = clock();
    await transaction(({ sql }) => makeDays(sql, now));
    // Each apart: days to come must not fail because somebody reads an old one, and no lock is held for longer than one takes.
    const kept = await transaction(({ sql }) => readKeptDays(sql));
    for (const day of await transaction(({ sql }) => listPublishedDays(sql, now, kept))) {
      needs.signal.throwIfAborted();
      await transaction(({ sql }) => dropPublishedDay(sql, day, now, kept));
    }
    await dropAll(needs, "inbox", now, kept);
    await transaction(({ sql }) => dropEmptyDays(sql, now));
    if (await transaction(({ sql }) => isTooMuchAudit(sql, now, kept))) {
      throw new AppError("internal", "More of the audit trail is due than can be meant: look at the clock", {
        reason: "retention.too_much",
      });
    }
    await dropAll(needs, "audit_log", now, kept);
  },
});

const dropAll = async (
  { transaction, signal }: Needed,
  table: "inbox" | "audit_log",
  now: Date,
  kept: KeptDays,
): Promise<void> => {
  do signal.throwIfAborted();
  while (await transaction(({ sql }) => dropOldest(sql, table, now, kept)));
};
