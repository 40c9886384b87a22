/** Reading the audit trail. Its rows are written by the host, in the transaction of the act. */
import type { TransactionSql } from "#lib/db/connect.ts";

export type AuditQueryRow = {
  id: string;
  cidade_id: string | null;
  at: Date;
  actor_kind: string;
  actor_id: string;
  action: string;
  object_type: string | null;
  object_id: string | null;
  purpose: string | null;
  result: "done" | "refused";
  details: Record<string, unknown>;
  address: string | null;
  correlation_id: string;
};

export const listAuditRows = (
  sql: TransactionSql,
  query: { cidade_id: string; from?: string | undefined; to?: string | undefined; limit: number },
  after: readonly string[] | null,
): Promise<AuditQueryRow[]> =>
  sql<AuditQueryRow[]>`
    select id, cidade_id, at, actor_kind, actor_id, action, object_type, object_id, purpose, result, details, address, correlation_id
    from audit_log
    where cidade_id = ${query.cidade_id}
      and ${query.from ? sql`at >= ${query.from}::timestamptz` : sql`true`}
      and ${query.to ? sql`at < ${query.to}::timestamptz` : sql`true`}
      and ${after ? sql`(at, id) < (${after[0] ?? ""}::timestamptz, ${after[1] ?? ""}::uuid)` : sql`true`}
    order by at desc, id desc limit ${query.limit + 1}`;
