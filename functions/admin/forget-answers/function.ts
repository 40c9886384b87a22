import { cron } from "#lib/function/define.ts";
import { deleteOldAnswers } from "#lib/function/idempotency.ts";

/** Longer than anybody goes on asking for the answer to one request. */
const KEPT_DAYS = 2;

export const forgetAnswers = cron({
  name: "forget-answers",
  summary: "Forgets which answers were given under an Idempotency-Key more than two days ago",
  cron: { schedule: "35 * * * *", timezone: "UTC" },
  role: "gt_system",
  needs: ["transaction", "clock"],
  async handle(_input, { transaction, clock, signal }) {
    const before = new Date(clock().getTime() - KEPT_DAYS * 86_400_000);
    do signal.throwIfAborted();
    while (await transaction(({ sql }) => deleteOldAnswers(sql, before)));
  },
});
