import { cron } from "#lib/function/define.ts";
import { deleteOldLinks } from "../links.ts";
import { deleteOldSessions } from "../sessions.ts";

/** As long as somebody may ask who was signed in from where. What was done is in the audit trail, for longer. */
const KEPT_DAYS = 30;

export const deleteEndedSessions = cron({
  name: "delete-ended-sessions",
  summary: "Deletes sessions and one-time links that ended a month ago",
  cron: { schedule: "20 4 * * *", timezone: "America/Sao_Paulo" },
  role: "gt_system",
  needs: ["transaction", "clock"],
  async handle(_input, { transaction, clock, signal }) {
    const before = new Date(clock().getTime() - KEPT_DAYS * 86_400_000);
    await transaction(({ sql }) => deleteOldLinks(sql, before));
    do signal.throwIfAborted();
    while (await transaction(({ sql }) => deleteOldSessions(sql, before)));
  },
});
