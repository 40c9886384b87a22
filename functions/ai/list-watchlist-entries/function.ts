import { http } from "#lib/function/define.ts";
import { decodeCursor, pageOf } from "#lib/lists/cursor.ts";
import { WatchlistEntryList, WatchlistEntryQuery } from "../contract.ts";
import { entryOf, listEntryRows } from "../watchlists.ts";

export const listWatchlistEntries = http({
  name: "list-watchlist-entries",
  summary: "Watched plates of a city, newest first",
  http: {
    method: "GET",
    path: "/api/watchlist-entries",
    access: { permission: "watchlists.manage", cities: "callers" },
  },
  needs: ["sql", "keys"],
  input: WatchlistEntryQuery,
  output: WatchlistEntryList,
  async handle({ limit, cursor, ...filters }, { sql, keys }) {
    const after = await decodeCursor(keys, "watchlist-entries", filters, cursor);
    const rows = await listEntryRows(sql, { ...filters, limit }, after);
    return pageOf(keys, { name: "watchlist-entries", filters, limit }, rows, ({ id }) => [id], entryOf);
  },
});
