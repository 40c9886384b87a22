/** A message has one effect per function, however often it is delivered. */
import type { TransactionSql } from "#lib/db/connect.ts";

/** In the transaction of the effect. `false`: the effect is there already. A rival waits here for the other's end. */
export const claimMessage = async (
  sql: TransactionSql,
  message: { id: string; cidade_id: string | null },
  name: string,
): Promise<boolean> => {
  const claimed =
    await sql`insert into inbox (id, function, cidade_id) values (${message.id}, ${name}, ${message.cidade_id})
    on conflict do nothing returning id`;
  return claimed.length === 1;
};
