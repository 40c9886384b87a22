/** Sessions: refresh tokens that rotate, and what an access token says. */
import type { TransactionSql } from "#lib/db/connect.ts";
import { AppError } from "#lib/errors.ts";
import type { Needs } from "#lib/function/define.ts";
import type { Permission } from "#lib/function/permissions.ts";
import type { Keys } from "#lib/secrets/keys.ts";
import type { Session } from "./contract.ts";
import { hashOf, newSecret } from "./secrets.ts";
import { grantsOf, type CityGrant, type UserRow } from "./users.ts";

export const REFRESH_COOKIE = "gt_refresh";
export const COOKIE_PATH = "/api/sessions";
export const ABSOLUTE_SECONDS = 12 * 3600;
const IDLE_SECONDS = 30 * 60;
/** Two tabs refresh at once: within this time the older token still answers, with the same successor. */
export const GRACE_SECONDS = 10;

export type SessionRow = {
  id: string;
  user_id: string;
  refresh_hash: string;
  previous_hash: string | null;
  rotated_at: Date | null;
  last_used_at: Date;
  expires_at: Date;
  revoked_at: Date | null;
};

type Opening = Pick<Needs<["keys", "cookies", "clock", "ids"]>, "keys" | "cookies" | "clock" | "ids" | "address">;

/** A session from nothing: after a password or a link. */
export const openSession = async (sql: TransactionSql, user: UserRow, needs: Opening): Promise<Session> => {
  const now = needs.clock();
  const id = needs.ids();
  const refresh = newSecret();
  await sql`insert into sessions (id, user_id, refresh_hash, created_at, last_used_at, expires_at, address)
    values (${id}, ${user.id}, ${hashOf(refresh)}, ${now}, ${now}, ${after(now, ABSOLUTE_SECONDS)}, ${needs.address})`;
  setCookie(needs, refresh, ABSOLUTE_SECONDS);
  return sessionOf(sql, needs.keys, user, id);
};

export const sessionOf = async (sql: TransactionSql, keys: Keys, user: UserRow, id: string): Promise<Session> => {
  const grants = await grantsOf(sql, user.id);
  const { token, expires_at } = await keys.signAccessToken({ sub: user.id, sid: id, sv: user.session_version });
  return {
    access_token: token,
    expires_at: expires_at.toISOString(),
    user: { id: user.id, nome: user.nome, email: user.email },
    permissions: allPermissions(grants),
    cities: allCities(grants),
  };
};

export const allPermissions = (grants: readonly CityGrant[]): Permission[] => [
  ...new Set(grants.flatMap(({ permissions }) => permissions)),
];

export const allCities = (grants: readonly CityGrant[]): "all" | string[] =>
  grants.some(({ cidade_id }) => cidade_id === null)
    ? "all"
    : grants.flatMap(({ cidade_id }) => (cidade_id === null ? [] : [cidade_id]));

export const setCookie = (needs: Pick<Opening, "cookies">, value: string, max_age_seconds: number): void =>
  needs.cookies.set(REFRESH_COOKIE, value, { path: COOKIE_PATH, max_age_seconds });

/** The token that follows: an HMAC of the one shown, so that two askers get the same though only hashes are stored. */
export const successorOf = async (keys: Keys, refresh: string): Promise<string> => {
  const { key_id, mac } = await keys.mac("refresh", refresh);
  return `${key_id}~${mac}`;
};

const columns = [
  "id",
  "user_id",
  "refresh_hash",
  "previous_hash",
  "rotated_at",
  "last_used_at",
  "expires_at",
  "revoked_at",
];

export const findSession = async (sql: TransactionSql, refresh: string): Promise<SessionRow | null> => {
  const hash = hashOf(refresh);
  const [found] = await sql<SessionRow[]>`
    select ${sql(columns)} from sessions
    where refresh_hash = ${hash} or previous_hash = ${hash} for update`;
  return found ?? null;
};

/** More than a session rotates in its 12 h. */
const GENERATIONS = 300;

/** Whose token this was several rotations ago: only the last two hashes are stored, so the chain is followed forward. */
export const findSessionOfOld = async (
  sql: TransactionSql,
  keys: Keys,
  refresh: string,
): Promise<SessionRow | null> => {
  const hashes: string[] = [];
  for (let token = refresh; hashes.length < GENERATIONS; hashes.push(hashOf(token))) {
    token = await successorOf(keys, token);
  }
  const [found] = await sql<
    SessionRow[]
  >`select ${sql(columns)} from sessions where refresh_hash = any (${hashes}) for update`;
  return found ?? null;
};

/** Throws `unauthorized` when it has ended by time or by somebody. */
export const mustBeAlive = (session: SessionRow, now: Date): void => {
  const idle = now.getTime() - session.last_used_at.getTime() > IDLE_SECONDS * 1000;
  if (session.revoked_at || idle || session.expires_at <= now) throw ended();
};

export const ended = (): AppError => new AppError("unauthorized", "The session has ended", { reason: "session.ended" });

export const revokeSession = (sql: TransactionSql, id: string, reason: string, now: Date) =>
  sql`update sessions set revoked_at = ${now}, revoked_reason = ${reason} where id = ${id} and revoked_at is null`;

/** All of a user, and what could open another. */
export const endSessions = async (sql: TransactionSql, user_id: string, reason: string, now: Date): Promise<void> => {
  await sql`update sessions set revoked_at = ${now}, revoked_reason = ${reason} where user_id = ${user_id} and revoked_at is null`;
  await sql`update one_time_links set used_at = ${now} where user_id = ${user_id} and used_at is null`;
};

const after = (now: Date, seconds: number): Date => new Date(now.getTime() + seconds * 1000);

const BATCH = 5000;

/** Those that ended before then, with the tickets they gave; answers whether there may be more. */
export const deleteOldSessions = async (sql: TransactionSql, before: Date): Promise<boolean> => {
  const ended = await sql<{ id: string }[]>`
    select id from sessions where expires_at < ${before} order by expires_at limit ${BATCH} for update`;
  const ids = ended.map(({ id }) => id);
  await sql`delete from tickets where session_id = any (${ids}::uuid[])`;
  await sql`delete from sessions where id = any (${ids}::uuid[])`;
  return ended.length === BATCH;
};
