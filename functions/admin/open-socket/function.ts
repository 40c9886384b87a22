import { AppError } from "#lib/errors.ts";
import { http } from "#lib/function/define.ts";
import { Empty, SocketTicket } from "../contract.ts";
import { createTicket } from "../tickets.ts";

export const openSocket = http({
  name: "open-socket",
  summary: "Gives a single-use ticket for the console's WebSocket",
  http: { method: "POST", path: "/api/sessions/socket-ticket", access: "session", status: 201 },
  role: "gt_system",
  needs: ["sql", "clock", "ids"],
  input: Empty,
  output: SocketTicket,
  async handle(_input, { sql, clock, ids, caller }) {
    if (!caller.session_id) throw new AppError("unauthorized", "A ticket needs a session", { reason: "session.none" });
    const { secret, expires_at } = await createTicket(sql, { id: ids(), session_id: caller.session_id }, clock());
    return { ticket: secret, expires_at: expires_at.toISOString() };
  },
});
