/** One-time links: the secret is in the fragment of a URL, its hash is here. Looking at one does not use it up. */
import type { TransactionSql } from "#lib/db/connect.ts";
import { AppError } from "#lib/errors.ts";
import { hashOf, newSecret } from "./secrets.ts";
import { hasAnyUser } from "./users.ts";

const HOURS = 24;
export type LinkKind = "first_administrator" | "invitation" | "password_reset";
export type LinkRow = { id: string; kind: LinkKind; user_id: string | null; expires_at: Date };

export const linkEnd = (now: Date): Date => new Date(now.getTime() + HOURS * 3_600_000);

export const createLink = async (
  sql: TransactionSql,
  link: { id: string; kind: LinkKind; user_id: string | null },
  now: Date,
): Promise<string> => {
  const secret = newSecret();
  const expires_at = linkEnd(now);
  await sql`insert into one_time_links (id, kind, secret_hash, user_id, created_at, expires_at)
    values (${link.id}, ${link.kind}, ${hashOf(secret)}, ${link.user_id}, ${now}, ${expires_at})`;
  return secret;
};

/** For who sits at the machine: `null` once somebody has signed in for the first time. Older first links end. */
export const issueFirstLink = async (sql: TransactionSql, id: string, now: Date): Promise<string | null> => {
  if (await hasAnyUser(sql)) return null;
  await sql`update one_time_links set used_at = ${now} where kind = 'first_administrator' and used_at is null`;
  return createLink(sql, { id, kind: "first_administrator", user_id: null }, now);
};

/** For somebody who lost the password, asked for at the machine. */
export const issueResetLink = async (
  sql: TransactionSql,
  id: string,
  email: string,
  now: Date,
): Promise<string | null> => {
  const [user] = await sql<
    { id: string }[]
  >`select id from users where lower(email) = ${email.toLowerCase()} and is_active`;
  return user ? createLink(sql, { id, kind: "password_reset", user_id: user.id }, now) : null;
};

/** Unknown, used and expired are one answer: a guesser learns nothing. */
export const findLink = async (sql: TransactionSql, secret: string, now: Date, forUse: boolean): Promise<LinkRow> => {
  const [found] = await sql<LinkRow[]>`
    select id, kind, user_id, expires_at from one_time_links
    where secret_hash = ${hashOf(secret)} and used_at is null and expires_at > ${now} ${forUse ? sql`for update` : sql``}`;
  if (!found) throw new AppError("not_found", "This link is not valid any more", { reason: "link.not_valid" });
  return found;
};

export const useLink = (sql: TransactionSql, id: string, now: Date) =>
  sql`update one_time_links set used_at = ${now} where id = ${id}`;

export const deleteOldLinks = (sql: TransactionSql, before: Date) =>
  sql`delete from one_time_links where expires_at < ${before}`;
