import { http } from "#lib/function/define.ts";
import { Empty, Nothing } from "../contract.ts";
import { revokeSession, setCookie } from "../sessions.ts";

export const signOut = http({
  name: "sign-out",
  summary: "Ends the caller's session",
  http: { method: "POST", path: "/api/sessions/end", access: "session", status: 204 },
  role: "gt_system",
  needs: ["transaction", "cookies", "clock", "audit"],
  audited: true,
  input: Empty,
  output: Nothing,
  async handle(_input, needs) {
    const id = needs.caller.session_id ?? "";
    await needs.transaction(async ({ sql }) => {
      await revokeSession(sql, id, "sign_out", needs.clock());
      needs.audit.note({ object_type: "session", object_id: id });
    });
    setCookie(needs, "", 0);
    return null;
  },
});
