/** Which segments have outlived their city's plan, and their end: bytes first, then rows. */
import type { TransactionSql } from "#lib/db/connect.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import { countExpired, type Count, type Plan, type Run, type Slice } from "#lib/retention/plans.ts";

/** Few enough that their rows are not locked for long while the bytes go. */
const BATCH = 200;

export const countExpiredSegments = (sql: TransactionSql, plan: Plan, run: Run): Promise<Count> => {
  const all = (slice: Slice): Promise<number> => countSegments(sql, plan.cidade_id, slice);
  return countExpired(plan, run, {
    all,
    expiring: async (slice) => (await all(slice)) - (await countHeld(sql, plan.cidade_id, slice, run.now)),
  });
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
