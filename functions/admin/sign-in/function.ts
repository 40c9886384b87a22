import { AppError } from "#lib/errors.ts";
import { http } from "#lib/function/define.ts";
import { Session, SignIn } from "../contract.ts";
import { hashPassword, isOutdated, verifyPassword } from "../passwords.ts";
import { openSession } from "../sessions.ts";
import { findUserByEmail } from "../users.ts";

/** Slows guessing at one account without letting anybody lock its owner out for long. */
const TRIES = { count: 10, seconds: 300 };

export const signIn = http({
  name: "sign-in",
  summary: "Opens a session with e-mail and password",
  http: {
    method: "POST",
    path: "/api/sessions",
    access: "anyone",
    status: 201,
    rate: { per: "address", count: 60, seconds: 60 },
  },
  role: "gt_system",
  needs: ["transaction", "keys", "cookies", "clock", "ids", "audit", "cache"],
  audited: true,
  input: SignIn,
  output: Session,
  async handle({ email, password }, needs): Promise<Session> {
    const allowed = await needs.cache.limit(`sign-in:${email}`, TRIES);
    if (!allowed.allowed) {
      throw new AppError("too_many", "Too many sign-ins for this e-mail", {
        reason: "sign_in.too_many",
        retry_after_seconds: allowed.retry_after_seconds,
      });
    }
    const user = await needs.transaction(({ sql }) => findUserByEmail(sql, email));
    const right = await verifyPassword(password, user?.password_hash ?? null);
    if (!user || !right || !user.is_active) {
      throw new AppError("unauthorized", "E-mail or password is wrong", { reason: "sign_in.wrong" });
    }
    const renewed = isOutdated(user.password_hash) ? await hashPassword(password) : null;
    return needs.transaction(async ({ sql }) => {
      if (renewed) await sql`update users set password_hash = ${renewed} where id = ${user.id}`;
      needs.audit.note({ object_type: "user", object_id: user.id });
      return openSession(sql, user, needs);
    });
  },
});
