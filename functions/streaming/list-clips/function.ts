import { http } from "#lib/function/define.ts";
import { decodeCursor, pageOf } from "#lib/lists/cursor.ts";
import { clipOf, listClipRows } from "../clips.ts";
import { ClipList, ClipQuery } from "../contract.ts";

export const listClips = http({
  name: "list-clips",
  summary: "Clips of a city, newest first",
  http: { method: "GET", path: "/api/clips", access: { permission: "recordings.view", cities: "callers" } },
  needs: ["sql", "keys", "objects"],
  input: ClipQuery,
  output: ClipList,
  async handle({ limit, cursor, ...filters }, { sql, keys, objects }) {
    const after = await decodeCursor(keys, "clips", filters, cursor);
    const rows = await listClipRows(sql, { ...filters, limit }, after);
    const page = await pageOf(
      keys,
      { name: "clips", filters, limit },
      rows,
      ({ created_at, id }) => [created_at.toISOString(), id],
      (row) => row,
    );
    return { ...page, items: await Promise.all(page.items.map((row) => clipOf(objects, row))) };
  },
});
