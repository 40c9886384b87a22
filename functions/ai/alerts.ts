/** Alerts: a watched plate was read. */
import type { TransactionSql } from "#lib/db/connect.ts";
import { AppError } from "#lib/errors.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import type { Alert } from "./contract.ts";
import { joinCamera, readColumns, readOf, type PlateReadRow } from "./plate-reads.ts";

type Own = Pick<
  Alert,
  "priority" | "reason" | "watchlist_nome" | "entry_plate" | "status" | "acknowledged_by" | "version"
>;
export type AlertRow = PlateReadRow &
  Own & { alert_id: string; alert_plate: string; created_at: Date; acknowledged_at: Date | null };

export const alertOf = async (objects: ObjectStore, row: AlertRow): Promise<Alert> => {
  const { alert_id, alert_plate, created_at, acknowledged_at, ...rest } = row;
  const { priority, reason, watchlist_nome, entry_plate, status, acknowledged_by, version, ...read } = rest;
  return {
    priority,
    reason,
    watchlist_nome,
    entry_plate,
    status,
    acknowledged_by,
    version,
    id: alert_id,
    cidade_id: read.cidade_id,
    plate: alert_plate,
    created_at: created_at.toISOString(),
    acknowledged_at: acknowledged_at?.toISOString() ?? null,
    read: await readOf(objects, read),
  };
};

/**
 * `page`: rows of `alerts`. It is cut first, and then each alert's read is looked up by its key: joined freely, the planner, to
 * whom the policy makes a city look small, begins with all of its reads.
 */
const select = (sql: TransactionSql, page: ReturnType<TransactionSql>) => sql`
  select a.id as alert_id, a.plate as alert_plate, a.priority, a.reason, a.status, a.created_at, a.acknowledged_at, a.acknowledged_by,
    a.version, l.nome as watchlist_nome, w.plate as entry_plate, ${readColumns(sql)}
  from (${page}) a
  join watchlist_entries w on w.cidade_id = a.cidade_id and w.id = a.entry_id
  join watchlists l on l.cidade_id = a.cidade_id and l.id = a.watchlist_id
  cross join lateral (
    select * from plate_reads r where r.cidade_id = a.cidade_id and r.captured_at = a.event_captured_at and r.id = a.event_id limit 1
  ) e
  ${joinCamera(sql)}`;

export const findAlert = async (sql: TransactionSql, id: string): Promise<AlertRow> => {
  const [row] = await sql<AlertRow[]>`${select(sql, sql`select * from alerts where id = ${id}`)}`;
  if (!row) throw new AppError("not_found", "No such alert", { reason: "alert.unknown" });
  return row;
};

export const listAlertRows = (
  sql: TransactionSql,
  query: { cidade_id: string; status?: string | undefined; limit: number },
  after: readonly string[] | null,
): Promise<AlertRow[]> =>
  sql<AlertRow[]>`
    ${select(
      sql,
      sql`
        select * from alerts where cidade_id = ${query.cidade_id}
          ${query.status === undefined ? sql`` : sql`and status = ${query.status}`}
          ${after ? sql`and (created_at, id) < (${after[0] ?? ""}::timestamptz, ${after[1] ?? ""}::uuid)` : sql``}
        order by created_at desc, id desc limit ${query.limit + 1}`,
    )}
    order by a.created_at desc, a.id desc`;
