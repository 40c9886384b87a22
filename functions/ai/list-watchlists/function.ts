import { http } from "#lib/function/define.ts";
import { decodeCursor, pageOf } from "#lib/lists/cursor.ts";
import { WatchlistList, WatchlistQuery } from "../contract.ts";
import { listWatchlistRows, watchlistOf } from "../watchlists.ts";

export const listWatchlists = http({
  name: "list-watchlists",
  summary: "Lists of watched plates of a city, by name",
  http: { method: "GET", path: "/api/watchlists", access: { permission: "watchlists.manage", cities: "callers" } },
  needs: ["sql", "keys"],
  input: WatchlistQuery,
  output: WatchlistList,
  async handle({ limit, cursor, ...filters }, { sql, keys }) {
    const after = await decodeCursor(keys, "watchlists", filters, cursor);
    const rows = await listWatchlistRows(sql, { ...filters, limit }, after);
    return pageOf(keys, { name: "watchlists", filters, limit }, rows, ({ nome, id }) => [nome, id], watchlistOf);
  },
});
