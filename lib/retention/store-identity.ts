/** Store and database know each other: only in the store that it was written to may be deleted what a database lists. */
import { AppError } from "#lib/errors.ts";
import type { Needs } from "#lib/function/define.ts";

const KEY = "installation";

/** Marks the store at the first time. Throws `internal` for another installation's store and for one that lost its mark. */
export const mustBeOurStore = async ({
  transaction,
  objects,
  clock,
  ids,
}: Needs<["transaction", "objects", "clock", "ids"]>): Promise<void> => {
  const own = await transaction(async ({ sql }) => {
    // The start of one machine has written it, with the id of its data folder.
    await sql`insert into installation (id) values (${ids()}) on conflict do nothing`;
    const [row] = await sql<{ id: string; marked: boolean }[]>`
      select id, exists (select 1 from recording_stores) as marked from installation`;
    return row;
  });
  const mark = await objects.get("recordings", KEY);
  const found = mark && new TextDecoder().decode(mark);
  if (!own || (found ?? own.id) !== own.id || (!found && own.marked)) {
    throw new AppError("internal", "The store of the recordings is not the one that this database knows", {
      reason: "retention.other_store",
    });
  }
  if (!found) await objects.put("recordings", KEY, new TextEncoder().encode(own.id), { content_type: "text/plain" });
  await transaction(
    ({ sql }) => sql`insert into recording_stores (marked_at) values (${clock()}) on conflict do nothing`,
  );
};
