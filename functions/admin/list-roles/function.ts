import { http } from "#lib/function/define.ts";
import { decodeCursor, pageOf } from "#lib/lists/cursor.ts";
import { Page } from "#lib/wire/lists.ts";
import { RoleList } from "../contract.ts";
import { listRoleRows } from "../roles.ts";

export const listRoles = http({
  name: "list-roles",
  summary: "Roles and their permissions, by name",
  http: { method: "GET", path: "/api/roles", access: { permission: "users.manage", cities: "callers" } },
  needs: ["sql", "keys"],
  input: Page,
  output: RoleList,
  async handle({ limit, cursor }, { sql, keys }) {
    const after = await decodeCursor(keys, "roles", {}, cursor);
    const rows = await listRoleRows(sql, after?.[0] ?? null, limit);
    return pageOf(
      keys,
      { name: "roles", filters: {}, limit },
      rows,
      (row) => [row.name],
      (row) => row,
    );
  },
});
