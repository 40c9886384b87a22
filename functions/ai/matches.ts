/** Matches: a read that says a watched plate raises an alert, once for each entry and passage. */
import type { Needs } from "#lib/function/define.ts";
import { AlertTriggered, Priority } from "./contract.ts";
import { holdRead } from "./plate-reads.ts";
import { twinOf } from "./plates.ts";
import { matchingEntries } from "./watchlists.ts";

type Said = { event_id: string; cidade_id: string; camera_id: string; plate: string | null; captured_at: string };

export const raiseAlerts = async (
  { plate, cidade_id, camera_id, event_id, captured_at }: Said,
  { sql, outbox, clock, ids }: Needs<["sql", "outbox", "clock", "ids"]>,
): Promise<void> => {
  if (plate === null) return;
  const twin = twinOf(plate);
  const created_at = clock();
  const entries = await matchingEntries(sql, cidade_id, twin === null ? [plate] : [plate, twin], created_at);
  if (entries.length === 0) return;
  const event_captured_at = new Date(captured_at);
  // A message that comes after its read has gone, e.g. put back by hand: an alert would lead nowhere.
  const sighting_id = await holdRead(sql, { cidade_id, captured_at: event_captured_at, id: event_id });
  if (sighting_id === null) return;
  for (const { id: entry_id, watchlist_id, priority, reason } of entries) {
    const alert_id = ids();
    const about = { cidade_id, entry_id, watchlist_id, event_id, event_captured_at, sighting_id, camera_id };
    // The same read again, what it says now, or the other source's read of this passage.
    const inserted = await sql`
      insert into alerts ${sql({ ...about, id: alert_id, plate, priority, reason, created_at })}
      on conflict do nothing returning 1`;
    if (inserted.length === 0) continue;
    const data = { alert_id, cidade_id, event_id, plate, priority: Priority.parse(priority) };
    await outbox.add(AlertTriggered, { ...data, created_at: created_at.toISOString() }, { subject: alert_id });
  }
};
