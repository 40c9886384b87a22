import { http } from "#lib/function/define.ts";
import { AppError } from "#lib/errors.ts";
import { Empty, Session } from "../contract.ts";
import { hashOf } from "../secrets.ts";
import {
  ABSOLUTE_SECONDS,
  ended,
  findSession,
  findSessionOfOld,
  GRACE_SECONDS,
  mustBeAlive,
  REFRESH_COOKIE,
  revokeSession,
  sessionOf,
  setCookie,
  successorOf,
  type SessionRow,
} from "../sessions.ts";
import type { UserRow } from "../users.ts";

export const refreshSession = http({
  name: "refresh-session",
  summary: "Gives a new access token for the refresh token in the cookie, which rotates",
  http: {
    method: "POST",
    path: "/api/sessions/refresh",
    access: "anyone",
    rate: { per: "address", count: 120, seconds: 60 },
  },
  role: "gt_system",
  needs: ["transaction", "keys", "cookies", "clock", "audit"],
  audited: true,
  input: Empty,
  output: Session,
  async handle(_input, needs): Promise<Session> {
    const refresh = needs.cookies.get(REFRESH_COOKIE);
    if (!refresh) throw new AppError("unauthorized", "There is no session", { reason: "session.none" });
    const successor = await successorOf(needs.keys, refresh);
    const outcome = await needs.transaction(async ({ sql }) => {
      const now = needs.clock();
      const known = await findSession(sql, refresh);
      const session = known ?? (await findSessionOfOld(sql, needs.keys, refresh));
      if (!session) throw ended();
      mustBeAlive(session, now);
      if (isReuse(session, hashOf(refresh), now)) {
        // A token that was replaced long ago is in somebody else's hands, or its owner's is: nobody keeps the session.
        needs.audit.note({
          object_type: "session",
          object_id: session.id,
          details: { revoked: "refresh token used again" },
        });
        await revokeSession(sql, session.id, "reuse", now);
        return null;
      }
      if (!known) throw ended();
      const [user] = await sql<
        UserRow[]
      >`select id, email, nome, password_hash, is_active, session_version from users where id = ${session.user_id} and is_active`;
      if (!user) throw ended();
      if (session.refresh_hash === hashOf(refresh)) await rotate(sql, session, hashOf(successor), now);
      return { answer: await sessionOf(sql, needs.keys, user, session.id), seconds: secondsLeft(session, now) };
    });
    if (!outcome) throw ended();
    setCookie(needs, successor, outcome.seconds);
    return outcome.answer;
  },
});

const isReuse = (session: SessionRow, hash: string, now: Date): boolean =>
  session.refresh_hash !== hash && now.getTime() - (session.rotated_at?.getTime() ?? 0) > GRACE_SECONDS * 1000;

const rotate = (sql: Parameters<typeof findSession>[0], session: SessionRow, successor_hash: string, now: Date) =>
  sql`update sessions set refresh_hash = ${successor_hash}, previous_hash = ${session.refresh_hash}, rotated_at = ${now},
    last_used_at = ${now}, generation = generation + 1 where id = ${session.id}`;

const secondsLeft = (session: SessionRow, now: Date): number =>
  Math.min(ABSOLUTE_SECONDS, Math.max(0, Math.floor((session.expires_at.getTime() - now.getTime()) / 1000)));
