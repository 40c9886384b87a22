/** Gaps: times without a recording whose cause is known. */
import type { TransactionSql } from "#lib/db/connect.ts";

export type GapRow = { starts_at: Date; ends_at: Date | null; cause: string; detail: string | null };

export const writeGap = (
  sql: TransactionSql,
  gap: {
    cidade_id: string;
    id: string;
    camera_id: string;
    starts_at: Date;
    ends_at: Date | null;
    cause: string;
    detail: string | null;
  },
) => sql`
  insert into gaps ${sql(gap)}
  on conflict (cidade_id, camera_id, starts_at) do update set ends_at = coalesce(excluded.ends_at, gaps.ends_at), cause = excluded.cause, detail = excluded.detail`;

/** A segment that follows ends what was open before it. */
export const closeGaps = (sql: TransactionSql, cidade_id: string, camera_id: string, at: Date) =>
  sql`update gaps set ends_at = ${at} where cidade_id = ${cidade_id} and camera_id = ${camera_id} and ends_at is null and starts_at < ${at}`;

/** Of one answer, or one clip. */
export const MOST_GAPS = 2000;

export const listGapRows = (
  sql: TransactionSql,
  cidade_id: string,
  camera_id: string,
  from: Date,
  to: Date,
  limit: number,
): Promise<GapRow[]> =>
  sql<GapRow[]>`
    select starts_at, ends_at, cause, detail from gaps
    where cidade_id = ${cidade_id} and camera_id = ${camera_id} and starts_at < ${to} and (ends_at is null or ends_at > ${from})
    order by starts_at limit ${limit}`;

/** They explain holes in what is no longer kept. */
export const deleteEndedGaps = (sql: TransactionSql, cidade_id: string, before: Date) =>
  sql`delete from gaps where cidade_id = ${cidade_id} and ends_at < ${before}`;
