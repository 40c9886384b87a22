import { isDuplicate } from "#lib/db/transaction.ts";
import { AppError } from "#lib/errors.ts";
import { http } from "#lib/function/define.ts";
import { NewWatchlist, Watchlist } from "../contract.ts";

export const createWatchlist = http({
  name: "create-watchlist",
  summary: "Makes a list of watched plates",
  http: {
    method: "POST",
    path: "/api/watchlists",
    access: { permission: "watchlists.manage", cities: "callers" },
    status: 201,
  },
  needs: ["sql", "clock", "ids", "audit"],
  audited: true,
  input: NewWatchlist,
  output: Watchlist,
  async handle({ legal_basis = null, ...list }, { sql, clock, ids, audit, caller }) {
    const id = ids();
    const created_at = clock();
    await sql`insert into watchlists ${sql({ ...list, legal_basis, id, owner_id: caller.id, created_at })}`.catch(
      (error: unknown) => {
        if (!isDuplicate(error)) throw error;
        throw new AppError("conflict", "A list of this city has this name", { reason: "watchlist.name_taken" });
      },
    );
    audit.note({ object_type: "watchlist", object_id: id, cidade_id: list.cidade_id, details: { ...list } });
    return { ...list, legal_basis, id, is_active: true, created_at: created_at.toISOString() };
  },
});
