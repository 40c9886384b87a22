/** Which segments have outlived their city's plan, how many may go at once, and their end: bytes first, then rows. */
import type { TransactionSql } from "#lib/db/connect.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";

const DAY_MS = 86_400_000;
/** The last instant that a Date can say. */
const END_OF_TIME = new Date(8.64e15);
/** Few enough that their rows are not locked for long while the bytes go. */
const BATCH = 200;

/** A clock that jumped or a plan set by mistake must not empty an archive. Two days' worth is what a pause leaves behind. */
const MOST_SHARE = 0.05;
const MOST_DAYS = 2;
/** A handful is no share of anything: a city that has just begun. */
const FEW = 1000;

export const plannedEnd = (now: Date, days: number): Date => new Date(now.getTime() - days * DAY_MS);

export type Plan = { cidade_id: string; days: number; released_before: Date | null };

export const listPlans = (sql: TransactionSql): Promise<Plan[]> =>
  sql<Plan[]>`
    select c.id as cidade_id, c.plano_retencao_dias as days, max(r.captured_before) as released_before
    from cidades c left join retention_releases r on r.cidade_id = c.id group by c.id order by c.id`;

export type Count = { total: number; expired: number };

export const isModest = ({ total, expired }: Count, days: number): boolean =>
  expired <= Math.max(FEW, total * MOST_SHARE, (total / days) * MOST_DAYS);

/** A span of time within one day (UTC), which is one partition. */
export type Slice = { from: Date; to: Date };

/** `days` as they are listed, up to `to`. */
export const slicesUntil = (days: readonly string[], to: Date): Slice[] =>
  days.flatMap((day) => {
    const from = new Date(`${day}T00:00:00Z`);
    const end = new Date(Math.min(from.getTime() + DAY_MS, to.getTime()));
    return from < to ? [{ from, to: end }] : [];
  });

/** `days`: those there are, as `listDays` gives them. */
export type Run = { now: Date; days: readonly string[] };

/** What somebody released is not counted as expiring: it may go in any number. */
export const countExpired = async (
  sql: TransactionSql,
  { cidade_id, ...plan }: Plan,
  { now, days }: Run,
): Promise<Count> => {
  const counted: Count = { total: 0, expired: 0 };
  for (const day of slicesUntil(days, END_OF_TIME)) counted.total += await countSegments(sql, cidade_id, day);
  for (const day of slicesUntil(days, plannedEnd(now, plan.days))) {
    const from = new Date(Math.max(day.from.getTime(), plan.released_before?.getTime() ?? 0));
    if (from >= day.to) continue;
    const slice = { from, to: day.to };
    counted.expired += (await countSegments(sql, cidade_id, slice)) - (await countHeld(sql, cidade_id, slice, now));
  }
  return counted;
};

/** From the primary key alone; what is held is counted apart, for which there is an index of its own. */
export const countQuery = (sql: TransactionSql, cidade_id: string, { from, to }: Slice) =>
  sql<{ count: number }[]>`
    select count(*)::int as count from recording_segments
    where cidade_id = ${cidade_id} and captured_at >= ${from} and captured_at < ${to}`;

const countSegments = async (sql: TransactionSql, cidade_id: string, slice: Slice): Promise<number> => {
  const [row] = await countQuery(sql, cidade_id, slice);
  return row?.count ?? 0;
};

const countHeld = async (sql: TransactionSql, cidade_id: string, { from, to }: Slice, now: Date): Promise<number> => {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from recording_segments
    where cidade_id = ${cidade_id} and captured_at >= ${from} and captured_at < ${to} and hold_until >= ${now}`;
  return row?.count ?? 0;
};

type Expired = { camera_id: string; captured_at: Date; id: string; object_key: string };
export type Position = Pick<Expired, "camera_id" | "captured_at" | "id">;

/**
 * Deletes the next few of a slice and answers behind which to go on; `null`: that was all of it. The rows stay locked while
 * their bytes go: a hold that comes in between waits, and then finds no row instead of a row without bytes.
 */
export const deleteSome = async (
  { sql, objects }: { sql: TransactionSql; objects: ObjectStore },
  cidade_id: string,
  slice: Slice,
  now: Date,
  after: Position | null,
): Promise<Position | null> => {
  const expired = await lockExpired(sql, cidade_id, slice, now, after);
  await Promise.all(expired.map(({ object_key }) => objects.delete("recordings", object_key)));
  await deleteRows(sql, cidade_id, slice, expired);
  return expired.length < BATCH ? null : (expired.at(-1) ?? null);
};

/** Each by its whole primary key: by ids alone a camera's day would be walked for every batch. */
export const deleteRows = (sql: TransactionSql, cidade_id: string, { from, to }: Slice, rows: readonly Position[]) => {
  const keys = rows.map(({ camera_id, captured_at, id }) => ({
    camera_id,
    captured_at: captured_at.toISOString(),
    id,
  }));
  return sql`
    delete from recording_segments s
    using jsonb_to_recordset(${sql.json(keys)}) as k (camera_id uuid, captured_at timestamptz, id uuid)
    where s.cidade_id = ${cidade_id} and s.captured_at >= ${from} and s.captured_at < ${to}
      and s.camera_id = k.camera_id and s.captured_at = k.captured_at and s.id = k.id`;
};

/** In the order of the primary key, behind what went before: dead rows are not walked again. */
export const lockExpired = (
  sql: TransactionSql,
  cidade_id: string,
  { from, to }: Slice,
  now: Date,
  after: Position | null,
): Promise<Expired[]> =>
  sql<Expired[]>`
    select camera_id, captured_at, id, object_key from recording_segments
    where cidade_id = ${cidade_id} and captured_at >= ${from} and captured_at < ${to} and (hold_until is null or hold_until < ${now})
      and ${after ? sql`(camera_id, captured_at, id) > (${after.camera_id}::uuid, ${after.captured_at}, ${after.id}::uuid)` : sql`true`}
    order by camera_id, captured_at, id limit ${BATCH} for update`;
