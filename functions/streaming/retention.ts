/** Which segments have outlived their city's plan, and how many may go at once. */
import type { TransactionSql } from "#lib/db/connect.ts";
import { AppError } from "#lib/errors.ts";

export type Expired = { cidade_id: string; camera_id: string; id: string; captured_at: Date; object_key: string };

/** A clock that jumped or a plan set by mistake must not empty the archive. Two days' worth is what a pause leaves behind. */
const MOST_SHARE = 0.05;
const MOST_DAYS = 2;

/** Throws `internal` when more would go than can be meant. `asked_days`: how many days the shortest plan keeps. */
export const mustBeModest = (expired: number, total: number, kept_days: number): void => {
  const daily = total / Math.max(1, kept_days);
  const most = Math.max(1000, total * MOST_SHARE, daily * MOST_DAYS);
  if (expired <= most) return;
  throw new AppError(
    "internal",
    `Retention would delete ${expired} of ${total} segments at once and has stopped: look at the clock and the plans`,
    { reason: "retention.too_much" },
  );
};

export const countExpired = async (
  sql: TransactionSql,
  cidade_id: string,
  before: Date,
  now: Date,
): Promise<{ expired: number; total: number }> => {
  const [row] = await sql<{ expired: number; total: number }[]>`
    select count(*) filter (where captured_at < ${before} and (hold_until is null or hold_until < ${now}))::int as expired, count(*)::int as total
    from recording_segments where cidade_id = ${cidade_id}`;
  return row ?? { expired: 0, total: 0 };
};

export const listExpired = (
  sql: TransactionSql,
  cidade_id: string,
  before: Date,
  now: Date,
  limit: number,
): Promise<Expired[]> =>
  sql<Expired[]>`
    select cidade_id, camera_id, id, captured_at, object_key from recording_segments
    where cidade_id = ${cidade_id} and captured_at < ${before} and (hold_until is null or hold_until < ${now})
    order by captured_at limit ${limit}`;

/** The hold is asked again: one may have been placed while the object was being deleted. */
export const deleteRows = (sql: TransactionSql, expired: readonly Expired[]) =>
  sql`delete from recording_segments s using jsonb_to_recordset(${sql.json(expired.map(({ cidade_id, camera_id, id, captured_at }) => ({ cidade_id, camera_id, id, captured_at: captured_at.toISOString() })))})
      as e (cidade_id uuid, camera_id uuid, id uuid, captured_at timestamptz)
    where s.cidade_id = e.cidade_id and s.camera_id = e.camera_id and s.captured_at = e.captured_at and s.id = e.id`;
