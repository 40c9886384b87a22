/** A message has one effect per function, however often it is delivered. */
import type { TransactionSql } from "#lib/db/connect.ts";
import { AppError } from "#lib/errors.ts";
import { timeOf } from "#lib/ids.ts";

/** Shorter than the inbox remembers (`partitioned_tables.kept_days`): beyond it nobody knows whether a message has had its effect. */
const REMEMBERED_DAYS = 30;

/** Throws `final` for a message that comes so late, e.g. put back by hand, that it might have its effect twice. */
export const mustBeRemembered = (id: string, now: Date): void => {
  if (now.getTime() - timeOf(id).getTime() < REMEMBERED_DAYS * 86_400_000) return;
  throw new AppError(
    "final",
    `The message is more than ${REMEMBERED_DAYS} days old: it may have been handled already`,
    {
      reason: "message.too_old",
    },
  );
};

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
