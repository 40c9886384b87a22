/** Tickets open a WebSocket, where a browser can send no header: one use, one minute. And who a socket belongs to. */
import type { Sql, TransactionSql } from "#lib/db/connect.ts";
import { withTenant } from "#lib/db/transaction.ts";
import { allCities } from "./sessions.ts";
import { hashOf, newSecret } from "./secrets.ts";
import { grantsOf, type CityGrant } from "./users.ts";

export const TICKET_SECONDS = 60;

export const createTicket = async (
  sql: TransactionSql,
  ticket: { id: string; session_id: string },
  now: Date,
): Promise<{ secret: string; expires_at: Date }> => {
  const secret = newSecret();
  const expires_at = new Date(now.getTime() + TICKET_SECONDS * 1000);
  await sql`delete from tickets where expires_at < ${now}`;
  await sql`insert into tickets (id, secret_hash, kind, session_id, created_at, expires_at)
    values (${ticket.id}, ${hashOf(secret)}, 'console_socket', ${ticket.session_id}, ${now}, ${expires_at})`;
  return { secret, expires_at };
};

export type TicketHolder = { session_id: string; user_id: string; cities: "all" | string[]; grants: CityGrant[] };

/** `null`: unknown, used or too old, or its session has ended. `system`: the connection of gt_system. */
export const redeemTicket = (system: Sql, secret: string, now: Date): Promise<TicketHolder | null> =>
  withTenant(system, "all", "write", async (sql) => {
    const [ticket] = await sql<{ session_id: string }[]>`
      update tickets set used_at = ${now} where secret_hash = ${hashOf(secret)} and used_at is null and expires_at > ${now}
      returning session_id`;
    return ticket ? holderOf(sql, ticket.session_id, now) : null;
  });

/** What a session may now; `null` when it has ended. */
export const renewHolder = (system: Sql, session_id: string, now: Date): Promise<TicketHolder | null> =>
  withTenant(system, "all", "read", (sql) => holderOf(sql, session_id, now));

const holderOf = async (sql: TransactionSql, session_id: string, now: Date): Promise<TicketHolder | null> => {
  const [found] = await sql<{ user_id: string }[]>`
    select s.user_id from sessions s join users u on u.id = s.user_id
    where s.id = ${session_id} and s.revoked_at is null and s.expires_at > ${now} and u.is_active`;
  if (!found) return null;
  const grants = await grantsOf(sql, found.user_id);
  return { session_id, user_id: found.user_id, cities: allCities(grants), grants };
};
