import { http } from "#lib/function/define.ts";
import { NewUser, User } from "../contract.ts";
import { checkPassword, hashPassword } from "../passwords.ts";
import { findUserRow, giveRole, insertUser, mustReach, userOf } from "../users.ts";

export const createUser = http({
  name: "create-user",
  summary: "Makes a user with roles",
  http: { method: "POST", path: "/api/users", access: { permission: "users.manage", cities: "callers" }, status: 201 },
  needs: ["transaction", "clock", "ids", "audit"],
  audited: true,
  input: NewUser,
  output: User,
  async handle({ nome, email, password, roles }, needs): Promise<User> {
    for (const { cidade_id } of roles) mustReach(needs.caller, cidade_id);
    checkPassword(password, { email, nome });
    const password_hash = await hashPassword(password);
    const id = needs.ids();
    return needs.transaction(async ({ sql }) => {
      await insertUser(sql, { id, email, nome, password_hash, created_at: needs.clock() });
      for (const role of roles) await giveRole(sql, { id: needs.ids(), user_id: id, ...role });
      needs.audit.note({ object_type: "user", object_id: id, details: { roles } });
      return userOf(await findUserRow(sql, id));
    });
  },
});
