/** Who did what: a row in the transaction of the act, or one of its own for what was refused. */
import type { TransactionSql } from "#lib/db/connect.ts";
import type { Audit, Caller } from "./define.ts";

export type AuditNote = Parameters<Audit["note"]>[0];

export type AuditRow = {
  id: string;
  at: Date;
  caller: Caller;
  action: string;
  note: Partial<AuditNote> | null;
  result: "done" | "refused";
  address: string;
  correlation_id: string;
};

/**
 * Last in its transaction: what concerns no single city may only be written while every city is open, and nothing of the
 * function runs after it.
 */
export const writeAudit = async (sql: TransactionSql, rows: readonly AuditRow[]): Promise<void> => {
  await sql`select set_config('app.cities', '*', true)`;
  for (const row of rows) {
    const { caller, note } = row;
    const cidade_id =
      note?.cidade_id ?? (caller.cities !== "all" && caller.cities.length === 1 ? caller.cities[0] : null) ?? null;
    await sql`
      insert into audit_log (id, cidade_id, at, actor_kind, actor_id, action, object_type, object_id, purpose, result,
        details, address, correlation_id)
      values (${row.id}, ${cidade_id}, ${row.at}, ${caller.kind}, ${caller.id}, ${row.action}, ${note?.object_type ?? null},
        ${note?.object_id ?? null}, ${note?.purpose ?? null}, ${row.result}, ${sql.json((note?.details ?? {}) as never)},
        ${row.address}, ${row.correlation_id})`;
  }
};
