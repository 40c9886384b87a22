/** Publishing again what is still in the outbox, e.g. after a broker lost what it had confirmed. */
import type { Sql } from "#lib/db/connect.ts";

/** By the time of writing, which is in the id. */
export type Window = { since: Date; until: Date; type?: string };

/** Answers how many will go out again. The inbox keeps their effects from happening twice. */
export const replay = async (sql: Sql, { since, until, type }: Window): Promise<number> => {
  const again = await sql`
    update outbox set published_at = null, refused = null
    where id >= ${firstIdOf(since)} and id < ${firstIdOf(until)}
      and (published_at is not null or refused is not null) ${type === undefined ? sql`` : sql`and type = ${type}`}`;
  return again.count;
};

/** The smallest UUIDv7 of an instant. */
const firstIdOf = (instant: Date): string => {
  const time = instant.getTime().toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`;
};
