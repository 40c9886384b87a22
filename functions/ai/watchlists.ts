/** Lists of plates somebody waits for, each entry with its reason and its end. */
import type { TransactionSql } from "#lib/db/connect.ts";
import { AppError } from "#lib/errors.ts";
import type { Watchlist, WatchlistEntry } from "./contract.ts";
import type * as z from "zod";

const LONGEST_ENTRY_MS = 366 * 86_400_000;

export type WatchlistRow = Omit<z.infer<typeof Watchlist>, "created_at"> & { created_at: Date };
export type EntryRow = Omit<z.infer<typeof WatchlistEntry>, "created_at" | "expires_at"> & {
  created_at: Date;
  expires_at: Date;
};

export const watchlistOf = (row: WatchlistRow): z.infer<typeof Watchlist> => ({
  ...row,
  created_at: row.created_at.toISOString(),
});
export const entryOf = (row: EntryRow): z.infer<typeof WatchlistEntry> => ({
  ...row,
  created_at: row.created_at.toISOString(),
  expires_at: row.expires_at.toISOString(),
});

export const listWatchlistRows = (
  sql: TransactionSql,
  { cidade_id, limit }: { cidade_id: string; limit: number },
  after: readonly string[] | null,
): Promise<WatchlistRow[]> =>
  sql<WatchlistRow[]>`
    select id, cidade_id, nome, legal_basis, priority, is_active, created_at from watchlists
    where cidade_id = ${cidade_id} ${after ? sql`and (nome, id) > (${after[0] ?? ""}, ${after[1] ?? ""}::uuid)` : sql``}
    order by nome, id limit ${limit + 1}`;

export const listEntryRows = (
  sql: TransactionSql,
  query: { cidade_id: string; watchlist_id?: string | undefined; limit: number },
  after: readonly string[] | null,
): Promise<EntryRow[]> =>
  sql<EntryRow[]>`
    select id, cidade_id, watchlist_id, plate, reason, expires_at, created_by, created_at from watchlist_entries
    where cidade_id = ${query.cidade_id} and removed_at is null
      ${query.watchlist_id === undefined ? sql`` : sql`and watchlist_id = ${query.watchlist_id}`}
      ${after ? sql`and id < ${after[0] ?? ""}::uuid` : sql``}
    order by id desc limit ${query.limit + 1}`;

export const mustKnowWatchlist = async (sql: TransactionSql, cidade_id: string, id: string): Promise<void> => {
  const rows = await sql`select 1 from watchlists where cidade_id = ${cidade_id} and id = ${id} and is_active`;
  if (rows.length === 0) throw new AppError("not_found", "No such watchlist", { reason: "watchlist.unknown" });
};

/** Nobody is watched without an end. */
export const mustEndInTime = (expires_at: Date, now: Date): void => {
  if (expires_at > now && expires_at.getTime() <= now.getTime() + LONGEST_ENTRY_MS) return;
  throw new AppError("invalid", "An entry ends within a year from now", {
    reason: "watchlist_entry.expires_at",
    params: { days: 366 },
    errors: [{ path: "expires_at", code: "out_of_range" }],
  });
};

export type Match = { id: string; watchlist_id: string; plate: string; priority: string; reason: string };

/** Entries that hold for one of these writings now. */
export const matchingEntries = (
  sql: TransactionSql,
  cidade_id: string,
  plates: readonly string[],
  now: Date,
): Promise<Match[]> =>
  sql<Match[]>`
    select w.id, w.watchlist_id, w.plate, l.priority, w.reason
    from watchlist_entries w join watchlists l on l.cidade_id = w.cidade_id and l.id = w.watchlist_id
    where w.cidade_id = ${cidade_id} and w.plate = any (${[...plates]}::text[]) and w.removed_at is null
      and w.expires_at > ${now} and l.is_active`;
