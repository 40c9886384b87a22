import type { TransactionSql } from "#lib/db/connect.ts";
import { AppError } from "#lib/errors.ts";
import { http } from "#lib/function/define.ts";
import { AcceptLink, Session } from "../contract.ts";
import { findLink, useLink, type LinkRow } from "../links.ts";
import { checkPassword, hashPassword } from "../passwords.ts";
import { ensureBuiltInRoles } from "../roles.ts";
import { openSession } from "../sessions.ts";
import { findUserByEmail, giveRole, hasAnyUser, insertUser, type UserRow } from "../users.ts";

type Person = { id: string; email: string; nome: string; password_hash: string; created_at: Date };

export const acceptLink = http({
  name: "accept-link",
  summary: "Uses a one-time link: the person gets a name, e-mail and password, and is signed in",
  http: {
    method: "POST",
    path: "/api/links/accept",
    access: "anyone",
    status: 201,
    rate: { per: "address", count: 10, seconds: 60 },
  },
  role: "gt_system",
  needs: ["transaction", "keys", "cookies", "clock", "ids", "audit"],
  audited: true,
  input: AcceptLink,
  output: Session,
  async handle({ secret, nome, email, password }, needs): Promise<Session> {
    checkPassword(password, { email, nome });
    // Before the expensive hash, and outside the transaction that would wait for it.
    await needs.transaction(({ sql }) => findLink(sql, secret, needs.clock(), false));
    const password_hash = await hashPassword(password);
    return needs.transaction(async ({ sql }) => {
      const now = needs.clock();
      const link = await findLink(sql, secret, now, true);
      await useLink(sql, link.id, now);
      const user = await userFor(
        sql,
        link,
        { id: needs.ids(), email, nome, password_hash, created_at: now },
        needs.ids,
      );
      needs.audit.note({ object_type: "user", object_id: user.id, details: { link: link.kind } });
      return openSession(sql, user, needs);
    });
  },
});

const userFor = async (sql: TransactionSql, link: LinkRow, person: Person, ids: () => string): Promise<UserRow> => {
  if (link.kind === "first_administrator") {
    if (await hasAnyUser(sql))
      throw new AppError("not_found", "This link is not valid any more", { reason: "link.not_valid" });
    await insertUser(sql, person);
    await giveRole(sql, {
      id: ids(),
      user_id: person.id,
      role_id: await ensureBuiltInRoles(sql, ids),
      cidade_id: null,
    });
  } else {
    // The link belongs to somebody: it cannot be used to take another's account by writing another e-mail.
    await sql`update users set password_hash = ${person.password_hash}, session_version = session_version + 1, updated_at = ${person.created_at}
      where id = ${link.user_id} and lower(email) = ${person.email}`;
    // Whoever knew the old password may hold a session: its refresh token must not outlive it.
    await sql`update sessions set revoked_at = ${person.created_at}, revoked_reason = 'password'
      where user_id = ${link.user_id} and revoked_at is null`;
  }
  const user = await findUserByEmail(sql, person.email);
  if (user && !user.is_active)
    throw new AppError("not_found", "This link is not valid any more", { reason: "link.not_valid" });
  if (!user || user.id !== (link.kind === "first_administrator" ? person.id : link.user_id)) {
    throw new AppError("invalid", "The link is for another e-mail address", { reason: "link.other_email" });
  }
  return user;
};
