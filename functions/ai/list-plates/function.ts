import { http } from "#lib/function/define.ts";
import { decodeCursor, pageOf } from "#lib/lists/cursor.ts";
import { PlateReadList, PlateReadQuery } from "../contract.ts";
import { listReadRows, positionOf, readOf } from "../plate-reads.ts";

export const listPlates = http({
  name: "list-plates",
  summary: "Plates read in a city, newest first",
  http: { method: "GET", path: "/api/plates", access: { permission: "plates.view", cities: "callers" } },
  needs: ["sql", "objects", "keys"],
  input: PlateReadQuery,
  output: PlateReadList,
  async handle({ limit, cursor, ...filters }, { sql, objects, keys }) {
    const after = await decodeCursor(keys, "plates", filters, cursor);
    const rows = await listReadRows(sql, { ...filters, limit }, after);
    const page = await pageOf(keys, { name: "plates", filters, limit }, rows, positionOf, (row) => row);
    return { ...page, items: await Promise.all(page.items.map((row) => readOf(objects, row))) };
  },
});
