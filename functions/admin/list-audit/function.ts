import { http } from "#lib/function/define.ts";
import { decodeCursor, pageOf } from "#lib/lists/cursor.ts";
import { listAuditRows } from "../audit-trail.ts";
import { AuditList, AuditQuery } from "../contract.ts";

export const listAudit = http({
  name: "list-audit",
  summary: "Who did what in a city, newest first",
  http: { method: "GET", path: "/api/audit", access: { permission: "audit.view", cities: "callers" } },
  needs: ["sql", "keys"],
  input: AuditQuery,
  output: AuditList,
  async handle({ limit, cursor, ...filters }, { sql, keys }) {
    const after = await decodeCursor(keys, "audit", filters, cursor);
    const rows = await listAuditRows(sql, { ...filters, limit }, after);
    const list = { name: "audit", filters, limit };
    return pageOf(
      keys,
      list,
      rows,
      ({ at, id }) => [at.toISOString(), id],
      (row) => ({ ...row, at: row.at.toISOString() }),
    );
  },
});
