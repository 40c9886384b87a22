/** Reads that have outlived their city's plan: their pictures, keys and rows go, evidence goes to a table of its own. */
import type { TransactionSql } from "#lib/db/connect.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import { countExpired, type Count, type Plan, type Run, type Slice } from "#lib/retention/plans.ts";
import { keysOf } from "./plates.ts";

/** Few enough that their rows are not locked for long while the pictures go. */
const BATCH = 200;

/** Days (UTC) for which reads can be kept, oldest first. */
export const listReadDays = async (sql: TransactionSql): Promise<string[]> => {
  const rows = await sql<{ day: string }[]>`select day::text as day from gt_partition_days('lpr_events')`;
  return rows.map(({ day }) => day);
};

export const countExpiredReads = (sql: TransactionSql, plan: Plan, run: Run): Promise<Count> => {
  const count = async ({ from, to }: Slice): Promise<number> => {
    const [row] = await sql<{ count: number }[]>`
      select count(*)::int as count from lpr_events
      where cidade_id = ${plan.cidade_id} and captured_at >= ${from} and captured_at < ${to}`;
    return row?.count ?? 0;
  };
  return countExpired(plan, run, { all: count, expiring: count });
};

type Expired = {
  captured_at: Date;
  id: string;
  /** As it was read and as people corrected it: by each it has keys. */
  plates: string[];
  image_url: string | null;
  plate_image_url: string | null;
  is_evidence: boolean;
};
export type Position = Pick<Expired, "captured_at" | "id">;

/** No segment is longer. */
const LONGEST_SEGMENT = "5 minutes";

/** Of `lpr_events e` or `kept_reads e`: an alert refers to it, or the video of its moment is held. */
const isEvidence = (sql: TransactionSql, now: Date) => sql`(
  exists (select 1 from alerts a where a.cidade_id = e.cidade_id and a.event_id = e.id)
  or exists (select 1 from held_segments s where s.cidade_id = e.cidade_id and s.camera_id = e.camera_id
    and s.captured_at > e.captured_at - ${LONGEST_SEGMENT}::interval and s.captured_at <= e.captured_at
    and s.wall_end > e.captured_at and s.hold_until >= ${now}))`;

/**
 * The next few of a slice; answers behind which to go on, `null`: that was all of it. The rows stay locked while their pictures
 * go: an alert that comes in between waits, and then finds no read instead of one without pictures.
 */
export const deleteSomeReads = async (
  { sql, objects }: { sql: TransactionSql; objects: ObjectStore },
  cidade_id: string,
  { from, to }: Slice,
  now: Date,
  after: Position | null,
): Promise<Position | null> => {
  const expired = await sql<Expired[]>`
    select captured_at, id, image_url, plate_image_url, ${isEvidence(sql, now)} as is_evidence,
      to_json(array (select e.plate where e.plate is not null union select k.plate from lpr_corrections k
        where k.cidade_id = e.cidade_id and k.event_id = e.id and k.plate is not null)) as plates
    from lpr_events e
    where cidade_id = ${cidade_id} and captured_at >= ${from} and captured_at < ${to}
      and ${after ? sql`(captured_at, id) > (${after.captured_at}, ${after.id}::uuid)` : sql`true`}
    order by captured_at, id limit ${BATCH} for update`;
  await keepEvidence(
    sql,
    cidade_id,
    expired.filter(({ is_evidence }) => is_evidence),
    now,
  );
  const going = expired.filter(({ is_evidence }) => !is_evidence);
  await deletePictures(objects, going);
  await deleteCorrections(sql, cidade_id, going);
  await deleteRows(sql, cidade_id, { from, to }, expired);
  return expired.length < BATCH ? null : (expired.at(-1) ?? null);
};

const keysFor = (rows: readonly Position[]) =>
  rows.map(({ captured_at, id }) => ({ key_captured_at: captured_at.toISOString(), key_id: id }));

const columns = (sql: TransactionSql) => sql`
  cidade_id, id, camera_id, plate, plate_raw, confidence, alternatives, source, source_event_id, reader_version, sighting_id,
  direction, vehicle, image_url, plate_image_url, image_problem, captured_at, received_at, camera_time, time_flag, clock_offset_ms,
  needs_review, reading`;

const keepEvidence = async (sql: TransactionSql, cidade_id: string, rows: readonly Expired[], now: Date) => {
  if (rows.length === 0) return;
  await sql`
    insert into kept_reads (${columns(sql)}, kept_at)
    select ${columns(sql)}, ${now}::timestamptz
    from jsonb_to_recordset(${sql.json(keysFor(rows))}) as k (key_captured_at timestamptz, key_id uuid)
    join lpr_events on cidade_id = ${cidade_id} and captured_at = key_captured_at and id = key_id`;
};

const deletePictures = async (
  objects: ObjectStore,
  rows: readonly Pick<Expired, "image_url" | "plate_image_url">[],
): Promise<void> => {
  const keys = rows.flatMap(({ image_url, plate_image_url }) => [image_url, plate_image_url]);
  await Promise.all(keys.map(async (key) => key !== null && objects.delete("lpr-images", key)));
};

/** What somebody said that a read is goes with it. */
const deleteCorrections = async (sql: TransactionSql, cidade_id: string, rows: readonly { id: string }[]) => {
  const ids = rows.map(({ id }) => id);
  await sql`delete from lpr_corrections where cidade_id = ${cidade_id} and event_id = any (${ids}::uuid[])`;
};

/** Each by its whole primary key: by ids alone a city's day would be walked for every batch. */
const deleteRows = async (
  sql: TransactionSql,
  cidade_id: string,
  { from, to }: Slice,
  rows: readonly Expired[],
): Promise<void> => {
  const keys = rows.flatMap(({ plates, captured_at, id }) =>
    plates.flatMap(keysOf).map((key) => ({ key, captured_at: captured_at.toISOString(), event_id: id })),
  );
  await sql`
    delete from lpr_plate_keys e
    using jsonb_to_recordset(${sql.json(keys)}) as k (key text, captured_at timestamptz, event_id uuid)
    where e.cidade_id = ${cidade_id} and e.captured_at >= ${from} and e.captured_at < ${to}
      and e.key = k.key collate "C" and e.captured_at = k.captured_at and e.event_id = k.event_id`;
  await sql`
    delete from lpr_events e
    using jsonb_to_recordset(${sql.json(keysFor(rows))}) as k (key_captured_at timestamptz, key_id uuid)
    where e.cidade_id = ${cidade_id} and e.captured_at >= ${from} and e.captured_at < ${to}
      and e.captured_at = k.key_captured_at and e.id = k.key_id`;
};

/** Of the evidence of a city what nothing refers to any more; answers whether there may be more. */
export const deleteSomeReleased = async (
  { sql, objects }: { sql: TransactionSql; objects: ObjectStore },
  cidade_id: string,
  now: Date,
): Promise<boolean> => {
  const released = await sql<Pick<Expired, "id" | "image_url" | "plate_image_url">[]>`
    select id, image_url, plate_image_url from kept_reads e
    where cidade_id = ${cidade_id} and not ${isEvidence(sql, now)} order by id limit ${BATCH} for update`;
  await deletePictures(objects, released);
  await deleteCorrections(sql, cidade_id, released);
  const ids = released.map(({ id }) => id);
  await sql`delete from kept_reads where cidade_id = ${cidade_id} and id = any (${ids}::uuid[])`;
  return released.length === BATCH;
};

/** In the name of a picture: its read. */
const READ_ID = /\/([0-9a-f-]{36})-[a-z]+(?:-[0-9a-f]+)?\.[a-z]+$/;

/**
 * Of the next pictures of a camera, up to a day, those that no read names: of a post that failed for good, or that came twice with
 * another picture. Answers behind which to go on; keys come in ascending order, so that what stays is never listed as a whole.
 */
export const deleteSomeOrphans = async (
  { sql, objects }: { sql: TransactionSql; objects: ObjectStore },
  { cidade_id, camera_id }: { cidade_id: string; camera_id: string },
  before: Date,
  after: string | undefined,
): Promise<string | undefined> => {
  const folder = `${cidade_id}/${camera_id}/`;
  const page = await objects.list("lpr-images", folder, after);
  const old = page.map(({ key }) => key).filter((key) => key.slice(folder.length) < before.toISOString().slice(0, 10));
  const ids = [...new Set(old.flatMap((key) => READ_ID.exec(key)?.[1] ?? []))];
  const reads = await sql<{ image_url: string | null; plate_image_url: string | null }[]>`
    select image_url, plate_image_url from plate_reads where cidade_id = ${cidade_id} and id = any (${ids}::uuid[])`;
  const named = new Set(reads.flatMap(({ image_url, plate_image_url }) => [image_url, plate_image_url]));
  await Promise.all(old.filter((key) => !named.has(key)).map((key) => objects.delete("lpr-images", key)));
  return old.length === 0 || old.length < page.length ? undefined : old.at(-1);
};
