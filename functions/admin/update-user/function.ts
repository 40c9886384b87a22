import { AppError } from "#lib/errors.ts";
import { http } from "#lib/function/define.ts";
import { mustMatch } from "#lib/function/if-match.ts";
import { User, UserChange } from "../contract.ts";
import { endSessions } from "../sessions.ts";
import { findUserRow, giveRole, lockUser, mustManageAllOf, mustReach, takeRoles, userOf } from "../users.ts";

export const updateUser = http({
  name: "update-user",
  summary: "Changes a user's name or roles, or disables them: their sessions end",
  http: { method: "PATCH", path: "/api/users/{id}", access: { permission: "users.manage", cities: "callers" } },
  needs: ["sql", "clock", "ids", "audit"],
  audited: true,
  input: UserChange,
  output: User,
  async handle({ id, roles, ...person }, { sql, clock, ids, audit, caller, if_match }): Promise<User> {
    for (const { cidade_id } of roles ?? []) mustReach(caller, cidade_id);
    const before = await lockUser(sql, id);
    mustMatch(before.version, if_match);
    // Whoever locks themselves out finds nobody to let them in again; so there is always one who manages users.
    if (id === caller.id && (roles || person.is_active === false))
      throw new AppError("invalid", "Somebody else must do that for you", { reason: "user.yourself" });
    if (Object.keys(person).length > 0) await mustManageAllOf(sql, id);
    const now = clock();
    if (roles) {
      await takeRoles(sql, id);
      for (const role of roles) await giveRole(sql, { id: ids(), user_id: id, ...role });
    }
    const ends = before.is_active && person.is_active === false;
    if (ends) await endSessions(sql, id, "disabled", now);
    await sql`
      update users set ${sql({ ...person, updated_at: now })}, version = version + 1,
        session_version = session_version + ${ends || roles ? 1 : 0}
      where id = ${id}`;
    audit.note({ object_type: "user", object_id: id, details: { ...person, ...(roles && { roles }) } });
    return userOf(await findUserRow(sql, id));
  },
});
