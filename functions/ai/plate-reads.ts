/** Plate reads: rows of `lpr_events` and how they are shown. */
import type { TransactionSql } from "#lib/db/connect.ts";
import { AppError } from "#lib/errors.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import type { PlateRead, Reading } from "./contract.ts";
import { keysOf, layoutOf } from "./plates.ts";

const PICTURE_SECONDS = 600;

export type PlateReadRow = Omit<
  PlateRead,
  "layout" | "captured_at" | "received_at" | "camera_time" | "image_url" | "plate_image_url" | "correction"
> & {
  captured_at: Date;
  received_at: Date;
  camera_time: Date | null;
  /** Keys in the bucket lpr-images. */
  image_url: string | null;
  plate_image_url: string | null;
  correction: { plate: string | null; created_at: string } | null;
};

export type NewPlateRead = Omit<PlateReadRow, "camera_nome" | "correction"> & {
  source_event_id: string | null;
  reader_version?: string;
  reading?: Reading;
};

/** Of `lpr_events e` or `plate_reads e`, and `camera_directory c`. */
export const readColumns = (sql: TransactionSql) => sql`
  e.id, e.cidade_id, e.camera_id, c.nome as camera_nome, e.plate, e.plate_raw, e.confidence, e.alternatives, e.source,
  e.sighting_id, e.direction, e.vehicle, e.captured_at, e.received_at, e.camera_time, e.time_flag, e.image_problem,
  e.image_url, e.plate_image_url, e.needs_review,
  (select jsonb_build_object('plate', k.plate, 'created_at', to_json(k.created_at)) from lpr_corrections k
    where k.cidade_id = e.cidade_id and k.event_id = e.id and k.is_current) as correction`;

export const joinCamera = (sql: TransactionSql) =>
  sql`join camera_directory c on c.cidade_id = e.cidade_id and c.camera_id = e.camera_id`;

export const readOf = async (objects: ObjectStore, row: PlateReadRow): Promise<PlateRead> => {
  const [image_url, plate_image_url] = await Promise.all([
    signed(objects, row.image_url),
    signed(objects, row.plate_image_url),
  ]);
  return {
    ...row,
    layout: row.plate === null ? null : layoutOf(row.plate),
    captured_at: row.captured_at.toISOString(),
    received_at: row.received_at.toISOString(),
    camera_time: row.camera_time?.toISOString() ?? null,
    correction: row.correction && { ...row.correction, created_at: new Date(row.correction.created_at).toISOString() },
    image_url,
    plate_image_url,
  };
};

const signed = async (objects: ObjectStore, key: string | null): Promise<string | null> =>
  key === null ? null : (await objects.signedGet("lpr-images", key, { expires_in_seconds: PICTURE_SECONDS })).url;

/** Answers `false` when this read is there already, whatever its captured time became. */
export const insertRead = async (sql: TransactionSql, read: NewPlateRead): Promise<boolean> => {
  // Two posts of one read side by side: the second waits here and then finds the first.
  await sql`select pg_advisory_xact_lock(hashtextextended(${read.id}, 0))`;
  const known = await sql`select 1 from lpr_events where id = ${read.id} and cidade_id = ${read.cidade_id}`;
  if (known.length > 0) return false;
  await sql`insert into lpr_events ${sql({
    ...read,
    alternatives: read.alternatives === null ? null : sql.json(read.alternatives),
    vehicle: read.vehicle === null ? null : sql.json(read.vehicle),
    reading: read.reading === undefined ? null : sql.json(read.reading),
    reader_version: read.reader_version ?? null,
  })}`;
  if (read.plate !== null) await insertKeys(sql, read, read.plate);
  return true;
};

type ReadKey = Pick<NewPlateRead, "cidade_id" | "captured_at" | "id">;

/** So that a search with gaps finds the read by this text too. */
export const insertKeys = async (sql: TransactionSql, read: ReadKey, plate: string): Promise<void> => {
  await sql`
    insert into lpr_plate_keys (cidade_id, key, captured_at, event_id)
    select ${read.cidade_id}, key, ${read.captured_at}, ${read.id} from unnest(${keysOf(plate)}::text[]) as key
    on conflict do nothing`;
};

/** But for those by which `other` is found. */
export const deleteKeys = async (
  sql: TransactionSql,
  read: ReadKey,
  plate: string,
  other: string | null,
): Promise<void> => {
  const kept = new Set(other === null ? [] : keysOf(other));
  const keys = keysOf(plate).filter((key) => !kept.has(key));
  await sql`
    delete from lpr_plate_keys where cidade_id = ${read.cidade_id} and key = any (${keys}::text[])
      and captured_at = ${read.captured_at} and event_id = ${read.id}`;
};

/** Also one that is kept as evidence alone. */
export const findRead = async (sql: TransactionSql, id: string): Promise<PlateReadRow> => {
  const [row] = await sql<
    PlateReadRow[]
  >`select ${readColumns(sql)} from plate_reads e ${joinCamera(sql)} where e.id = ${id}`;
  if (!row) throw new AppError("not_found", "No such plate read", { reason: "plate.unknown" });
  return row;
};

/**
 * Answers its sighting; `null`: it is not there any more. It stays until this transaction ends: what is written about it
 * meanwhile makes it evidence before the clean-up looks.
 */
export const holdRead = async (
  sql: TransactionSql,
  { cidade_id, captured_at, id }: ReadKey,
): Promise<string | null> => {
  type Row = { sighting_id: string };
  const [there] = await sql<Row[]>`
    select sighting_id from lpr_events
    where cidade_id = ${cidade_id} and captured_at = ${captured_at} and id = ${id} for key share`;
  if (there) return there.sighting_id;
  const [kept] = await sql<Row[]>`
    select sighting_id from kept_reads where cidade_id = ${cidade_id} and id = ${id} for key share`;
  return kept?.sighting_id ?? null;
};

export type ReadQuery = {
  cidade_id: string;
  camera_id?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  needs_review?: true | undefined;
  limit: number;
};

/**
 * Reads of plates; vehicles that showed none are left out. Newest first, after the position (captured_at, id) if one is given. The page is cut before names are joined to it: else the
 * planner, to whom the policy makes a city look small, begins with its cameras, reads all of the city and sorts it.
 */
export const listReadRows = (
  sql: TransactionSql,
  { cidade_id, camera_id, from, to, needs_review, limit }: ReadQuery,
  after: readonly string[] | null,
): Promise<PlateReadRow[]> =>
  sql<PlateReadRow[]>`
    select ${readColumns(sql)} from (
      select * from lpr_events where cidade_id = ${cidade_id} and not (source = 'frame' and reading is null)
        ${camera_id === undefined ? sql`` : sql`and camera_id = ${camera_id}`}
        ${from === undefined ? sql`` : sql`and captured_at >= ${from}::timestamptz`}
        ${to === undefined ? sql`` : sql`and captured_at < ${to}::timestamptz`}
        ${needs_review === undefined ? sql`` : sql`and needs_review`}
        ${after ? sql`and (captured_at, id) < (${after[0] ?? ""}::timestamptz, ${after[1] ?? ""}::uuid)` : sql``}
      order by captured_at desc, id desc limit ${limit + 1}
    ) e ${joinCamera(sql)} order by e.captured_at desc, e.id desc`;

export const positionOf = ({ captured_at, id }: PlateReadRow): [string, string] => [captured_at.toISOString(), id];
