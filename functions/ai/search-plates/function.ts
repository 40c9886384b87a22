import { http } from "#lib/function/define.ts";
import { decodeCursor, pageOf } from "#lib/lists/cursor.ts";
import { PlateReadList, PlateSearch } from "../contract.ts";
import { readPattern } from "../plate-patterns.ts";
import { positionOf, readOf } from "../plate-reads.ts";
import { searchReads } from "../plate-search.ts";
import { mustNamePurpose } from "../purposes.ts";

export const searchPlates = http({
  name: "search-plates",
  summary: "Finds where a plate, or the known part of one, was read; the purpose is kept",
  http: { method: "POST", path: "/api/plates/search", access: { permission: "plates.search", cities: "callers" } },
  needs: ["sql", "objects", "keys", "audit"],
  audited: true,
  input: PlateSearch,
  output: PlateReadList,
  async handle({ limit, cursor, purpose, purpose_reference, ...filters }, { sql, objects, keys, audit }) {
    mustNamePurpose(purpose, purpose_reference);
    const pattern = readPattern(filters.plate);
    const after = await decodeCursor(keys, "plate-search", filters, cursor);
    const rows = await searchReads(sql, pattern, { ...filters, limit }, after);
    const page = await pageOf(keys, { name: "plate-search", filters, limit }, rows, positionOf, (row) => row);
    const { plate, from, to, camera_id, cidade_ids } = filters;
    const details = { purpose_reference, from, to, camera_id, found: page.items.length, further: after !== null };
    for (const cidade_id of cidade_ids) {
      audit.note({ object_type: "plate_search", object_id: plate, cidade_id, purpose, details });
    }
    return { ...page, items: await Promise.all(page.items.map((row) => readOf(objects, row))) };
  },
});
