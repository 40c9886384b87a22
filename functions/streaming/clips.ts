/** Clips: an interval somebody asked for, and the file that was cut for it. */
import type { TransactionSql } from "#lib/db/connect.ts";
import { AppError } from "#lib/errors.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import type { Clip } from "./contract.ts";

export const LONGEST_CLIP_MS = 3_600_000;
const THUMBNAIL_SECONDS = 600;

export type ClipRow = Omit<
  Clip,
  "start_time" | "end_time" | "actual_start" | "actual_end" | "created_at" | "ready_at" | "thumbnail_url"
> & {
  start_time: Date;
  end_time: Date;
  actual_start: Date | null;
  actual_end: Date | null;
  created_at: Date;
  ready_at: Date | null;
  storage_path: string | null;
  thumbnail_path: string | null;
};

const columns = [
  "id",
  "cidade_id",
  "camera_id",
  "recording_id",
  "nome",
  "start_time",
  "end_time",
  "actual_start",
  "actual_end",
  "status",
  "failure",
  "gaps",
  "sha256",
  "bytes",
  "created_by",
  "created_at",
  "ready_at",
  "storage_path",
  "thumbnail_path",
];

export const clipOf = async (objects: ObjectStore, row: ClipRow): Promise<Clip> => {
  const { storage_path: _path, thumbnail_path, ...rest } = row;
  const thumbnail =
    thumbnail_path === null
      ? null
      : await objects.signedGet("thumbnails", thumbnail_path, { expires_in_seconds: THUMBNAIL_SECONDS });
  return {
    ...rest,
    start_time: row.start_time.toISOString(),
    end_time: row.end_time.toISOString(),
    actual_start: row.actual_start?.toISOString() ?? null,
    actual_end: row.actual_end?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    ready_at: row.ready_at?.toISOString() ?? null,
    thumbnail_url: thumbnail?.url ?? null,
  };
};

export const insertClip = async (
  sql: TransactionSql,
  clip: {
    cidade_id: string;
    id: string;
    recording_id: string;
    camera_id: string;
    nome: string | null;
    start_time: Date;
    end_time: Date;
    created_by: string;
    created_at: Date;
  },
): Promise<ClipRow> => {
  const [row] = await sql<ClipRow[]>`insert into clips ${sql(clip)} returning ${sql(columns)}`;
  return row as ClipRow;
};

export const findClip = async (sql: TransactionSql, id: string): Promise<ClipRow> => {
  const [row] = await sql<ClipRow[]>`select ${sql(columns)} from clips where id = ${id}`;
  if (!row) throw new AppError("not_found", "No such clip", { reason: "clip.unknown" });
  return row;
};

export const listClipRows = (
  sql: TransactionSql,
  query: { cidade_id: string; camera_id?: string | undefined; limit: number },
  after: readonly string[] | null,
): Promise<ClipRow[]> =>
  sql<ClipRow[]>`
    select ${sql(columns)} from clips
    where cidade_id = ${query.cidade_id} and ${query.camera_id === undefined ? sql`true` : sql`camera_id = ${query.camera_id}`}
      and ${after ? sql`(created_at, id) < (${after[0] ?? ""}::timestamptz, ${after[1] ?? ""}::uuid)` : sql`true`}
    order by created_at desc, id desc limit ${query.limit + 1}`;
