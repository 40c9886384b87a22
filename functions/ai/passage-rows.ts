/** Passages between frames: rows of `plate_passages`, read and written under the lock of their camera. */
import type { TransactionSql } from "#lib/db/connect.ts";
import { HIDDEN_MS, PARKED_MS, PASSAGE_GAP_MS, type Passage } from "./passages.ts";

const PARKED = `${PARKED_MS} milliseconds`;

export type PassageRow = Passage & {
  cidade_id: string;
  camera_id: string;
  /** Keys in lpr-images. */
  image_url: string;
  plate_image_url: string;
  reader_version: string;
  /** What its read says. */
  plate: string | null;
  confidence: number;
  has_read: boolean;
  received_at: Date;
};
type Camera = Pick<PassageRow, "cidade_id" | "camera_id">;

/** More vehicles than a picture shows at once, parked ones among them. */
const MOST_OPEN = 100;

/** Whoever writes what was seen by a camera waits here for who does so already. Taken before any row. */
export const lockCamera = async (sql: TransactionSql, { camera_id }: Pick<Camera, "camera_id">): Promise<void> => {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`passages ${camera_id}`}, 0))`;
};

/** Those that a look at this time may belong to. */
export const listOpen = async (
  sql: TransactionSql,
  { cidade_id, camera_id }: Camera,
  at: Date,
): Promise<PassageRow[]> => {
  const [oldest, newest] = [new Date(at.getTime() - HIDDEN_MS), new Date(at.getTime() + PASSAGE_GAP_MS)];
  const rows = await sql<Stored[]>`
    select * from plate_passages
    where cidade_id = ${cidade_id} and camera_id = ${camera_id} and last_at >= ${oldest} and first_at <= ${newest}
    order by last_at desc limit ${MOST_OPEN}`;
  return rows.map(fromStored);
};

export const insertPassage = async (sql: TransactionSql, row: PassageRow): Promise<void> => {
  await sql`insert into plate_passages ${sql(toStored(sql, row))}`;
};

export const updatePassage = async (sql: TransactionSql, row: PassageRow): Promise<void> => {
  const { cidade_id, id, ...rest } = toStored(sql, row);
  await sql`update plate_passages set ${sql(rest)} where cidade_id = ${cidade_id} and id = ${id}`;
};

/** Cameras with passages to which nothing can be added any more, of every city that this transaction sees. */
export const listEnded = (sql: TransactionSql, before: Date, limit: number): Promise<Camera[]> =>
  sql<Camera[]>`
    select distinct cidade_id, camera_id from (
      select cidade_id, camera_id from plate_passages
      where last_at < ${before} and (last_at - rests_since < ${PARKED}::interval or last_at < ${hiddenBefore(before)})
      order by last_at limit ${limit}
    ) ended`;

export const takeEnded = async (
  sql: TransactionSql,
  { cidade_id, camera_id }: Camera,
  before: Date,
): Promise<PassageRow[]> => {
  const rows = await sql<Stored[]>`
    delete from plate_passages
    where cidade_id = ${cidade_id} and camera_id = ${camera_id} and last_at < ${before}
      and (last_at - rests_since < ${PARKED}::interval or last_at < ${hiddenBefore(before)})
    returning *`;
  return rows.map(fromStored);
};

const hiddenBefore = (before: Date): Date => new Date(before.getTime() - HIDDEN_MS);

type Stored = Omit<PassageRow, "scores"> & { scores: Buffer };

/** A copy: the bytes of an answer lie anywhere, and floats want every fourth place. */
const fromStored = ({ scores, ...row }: Stored): PassageRow => ({
  ...row,
  scores: new Float32Array(Uint8Array.from(scores).buffer),
});

const toStored = (sql: TransactionSql, { scores, votes, texts, vehicle, place, best, ...row }: PassageRow) => ({
  ...row,
  scores: Buffer.from(scores.buffer, scores.byteOffset, scores.byteLength),
  votes: sql.json(votes),
  texts: sql.json(texts),
  vehicle: vehicle && sql.json(vehicle),
  place: sql.json(place),
  best: sql.json(best),
});
