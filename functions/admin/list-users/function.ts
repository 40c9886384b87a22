import { http } from "#lib/function/define.ts";
import { decodeCursor, pageOf } from "#lib/lists/cursor.ts";
import { Page } from "#lib/wire/lists.ts";
import { UserList } from "../contract.ts";
import { listUserRows, userOf } from "../users.ts";

export const listUsers = http({
  name: "list-users",
  summary: "Users with a role in the caller's cities, by e-mail",
  http: { method: "GET", path: "/api/users", access: { permission: "users.manage", cities: "callers" } },
  needs: ["sql", "keys"],
  input: Page,
  output: UserList,
  async handle({ limit, cursor }, { sql, keys }) {
    const after = await decodeCursor(keys, "users", {}, cursor);
    const rows = await listUserRows(sql, after?.[0] ?? null, limit);
    return pageOf(keys, { name: "users", filters: {}, limit }, rows, (row) => [row.email.toLowerCase()], userOf);
  },
});
