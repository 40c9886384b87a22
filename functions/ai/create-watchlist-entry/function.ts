import { AppError } from "#lib/errors.ts";
import { http } from "#lib/function/define.ts";
import { NewWatchlistEntry, WatchlistEntry } from "../contract.ts";
import { layoutOf, normalise } from "../plates.ts";
import { mustEndInTime, mustKnowWatchlist } from "../watchlists.ts";

export const createWatchlistEntry = http({
  name: "create-watchlist-entry",
  summary: "Watches a plate, with a reason and until when",
  http: {
    method: "POST",
    path: "/api/watchlist-entries",
    access: { permission: "watchlists.manage", cities: "callers" },
    status: 201,
  },
  needs: ["sql", "clock", "ids", "audit"],
  audited: true,
  input: NewWatchlistEntry,
  output: WatchlistEntry,
  async handle({ plate: written, expires_at, ...entry }, { sql, clock, ids, audit, caller }) {
    const plate = normalise(written);
    if (plate === null || layoutOf(plate) === "other") {
      throw new AppError("invalid", "This is no Brazilian plate", {
        reason: "plate.form",
        errors: [{ path: "plate", code: "plate.form" }],
      });
    }
    const { cidade_id } = entry;
    const now = clock();
    mustEndInTime(new Date(expires_at), now);
    await mustKnowWatchlist(sql, cidade_id, entry.watchlist_id);
    const row = { ...entry, plate, id: ids(), created_by: caller.id };
    await sql`insert into watchlist_entries ${sql({ ...row, expires_at: new Date(expires_at), created_at: now })}`;
    audit.note({
      object_type: "watchlist_entry",
      object_id: row.id,
      cidade_id,
      details: { plate, reason: entry.reason, expires_at, watchlist_id: entry.watchlist_id },
    });
    return { ...row, expires_at: new Date(expires_at).toISOString(), created_at: now.toISOString() };
  },
});
