import { http } from "#lib/function/define.ts";
import { AppError } from "#lib/errors.ts";
import { plannedEnd } from "#lib/retention/plans.ts";
import { RetentionRelease, Released } from "../contract.ts";

export const releaseRetention = http({
  name: "release-retention",
  summary: "Lets the clean-up delete what is older than the plan, although it is more than it deletes by itself",
  http: {
    method: "POST",
    path: "/api/retention/release",
    access: { permission: "cities.manage", cities: "callers" },
  },
  needs: ["sql", "clock", "ids", "audit"],
  audited: true,
  input: RetentionRelease,
  output: Released,
  async handle({ cidade_id }, { sql, clock, ids, audit, caller }) {
    const [city] = await sql<{ days: number }[]>`
      select plano_retencao_dias as days from cidades where id = ${cidade_id}`;
    if (!city) throw new AppError("not_found", "No such city", { reason: "city.unknown" });
    const now = clock();
    const captured_before = plannedEnd(now, city.days);
    const release = { cidade_id, id: ids(), captured_before, released_by: caller.id, created_at: now };
    await sql`insert into retention_releases ${sql(release)}`;
    const told = { cidade_id, captured_before: captured_before.toISOString() };
    audit.note({
      object_type: "city",
      object_id: cidade_id,
      cidade_id,
      details: { captured_before: told.captured_before },
    });
    return told;
  },
});
