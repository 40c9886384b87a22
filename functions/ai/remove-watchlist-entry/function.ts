import { AppError } from "#lib/errors.ts";
import { http } from "#lib/function/define.ts";
import { ById, Nothing } from "../contract.ts";

export const removeWatchlistEntry = http({
  name: "remove-watchlist-entry",
  summary: "Stops watching a plate; its alerts stay",
  http: {
    method: "DELETE",
    path: "/api/watchlist-entries/{id}",
    access: { permission: "watchlists.manage", cities: "callers" },
    status: 204,
  },
  needs: ["sql", "clock", "audit"],
  audited: true,
  input: ById,
  output: Nothing,
  async handle({ id }, { sql, clock, audit }) {
    const [row] = await sql<{ cidade_id: string; plate: string }[]>`
      update watchlist_entries set removed_at = coalesce(removed_at, ${clock()}) where id = ${id} returning cidade_id, plate`;
    if (!row) throw new AppError("not_found", "No such entry", { reason: "watchlist_entry.unknown" });
    audit.note({
      object_type: "watchlist_entry",
      object_id: id,
      cidade_id: row.cidade_id,
      details: { plate: row.plate },
    });
    return null;
  },
});
