import type { TransactionSql } from "#lib/db/connect.ts";
import { http } from "#lib/function/define.ts";
import { CreatedUser, NewUser } from "../contract.ts";
import { createLink, linkEnd } from "../links.ts";
import { checkPassword, hashPassword } from "../passwords.ts";
import { findUserRow, giveRole, insertUser, mustReach, userOf } from "../users.ts";

/** The hash of nothing: no password is verified by it. */
const NO_PASSWORD = "none";

export const createUser = http({
  name: "create-user",
  summary: "Makes a user with roles, and the link by which the person chooses a password where none was given",
  http: { method: "POST", path: "/api/users", access: { permission: "users.manage", cities: "callers" }, status: 201 },
  needs: ["transaction", "clock", "ids", "audit"],
  audited: true,
  input: NewUser,
  output: CreatedUser,
  async handle({ nome, email, password, roles }, needs): Promise<CreatedUser> {
    for (const { cidade_id } of roles) mustReach(needs.caller, cidade_id);
    if (password !== undefined) checkPassword(password, { email, nome });
    const password_hash = password === undefined ? NO_PASSWORD : await hashPassword(password);
    const id = needs.ids();
    return needs.transaction(async ({ sql }) => {
      const now = needs.clock();
      await insertUser(sql, { id, email, nome, password_hash, created_at: now });
      for (const role of roles) await giveRole(sql, { id: needs.ids(), user_id: id, ...role });
      needs.audit.note({ object_type: "user", object_id: id, details: { roles } });
      const link = password === undefined ? await invite(sql, { id: needs.ids(), user_id: id }, now) : null;
      return { ...userOf(await findUserRow(sql, id)), link };
    });
  },
});

const invite = async (sql: TransactionSql, link: { id: string; user_id: string }, now: Date) => ({
  secret: await createLink(sql, { ...link, kind: "invitation" }, now),
  expires_at: linkEnd(now).toISOString(),
});
