import { queue } from "#lib/function/define.ts";
import { AlertTriggered, LprDetected, Priority } from "../contract.ts";
import { twinOf } from "../plates.ts";
import { holdRead } from "../plate-reads.ts";
import { matchingEntries } from "../watchlists.ts";

export const matchPlate = queue({
  name: "match-plate",
  summary: "Raises an alert for each watchlist entry that a plate read meets, in either layout",
  queue: { event: LprDetected, parallel: 4 },
  needs: ["sql", "outbox", "clock", "ids"],
  async handle({ plate, cidade_id, camera_id, event_id, captured_at }, { sql, outbox, clock, ids }) {
    if (plate === null) return;
    const twin = twinOf(plate);
    const created_at = clock();
    const entries = await matchingEntries(sql, cidade_id, twin === null ? [plate] : [plate, twin], created_at);
    // A message that comes after its read has gone, e.g. put back by hand: an alert would lead nowhere.
    const read = { cidade_id, captured_at: new Date(captured_at), id: event_id };
    if (entries.length === 0 || !(await holdRead(sql, read))) return;
    for (const { id: entry_id, watchlist_id, priority, reason } of entries) {
      const alert_id = ids();
      const alert = { cidade_id, entry_id, watchlist_id, event_id, camera_id, plate, priority, reason, created_at };
      const inserted = await sql`
        insert into alerts ${sql({ ...alert, id: alert_id, event_captured_at: read.captured_at })}
        on conflict do nothing returning 1`;
      if (inserted.length === 0) continue;
      const data = { alert_id, cidade_id, event_id, plate, priority: Priority.parse(priority) };
      await outbox.add(AlertTriggered, { ...data, created_at: created_at.toISOString() }, { subject: alert_id });
    }
  },
});
