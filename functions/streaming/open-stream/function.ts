import { AppError } from "#lib/errors.ts";
import { http } from "#lib/function/define.ts";
import { knownCamera } from "../cameras.ts";
import { OpenStream, StreamToken } from "../contract.ts";
import { signStreamToken, STREAM_TOKEN_SECONDS } from "../stream-tokens.ts";

export const openStream = http({
  name: "open-stream",
  summary: "Gives a token to watch one camera live; it must be used within 60 s",
  http: { method: "POST", path: "/api/streams/open", access: { permission: "live.view", cities: "callers" } },
  needs: ["sql", "keys", "clock", "audit"],
  audited: true,
  input: OpenStream,
  output: StreamToken,
  async handle({ camera_id, action }, { sql, keys, clock, audit, caller }) {
    const { cidade_id, agent_id, is_active } = await knownCamera(sql, camera_id);
    if (!is_active || agent_id === null)
      throw new AppError("invalid", "This camera has no live picture", { reason: "stream.none" });
    if (!caller.session_id)
      throw new AppError("unauthorized", "Live video needs a session", { reason: "session.none" });
    const exp_ms = clock().getTime() + STREAM_TOKEN_SECONDS * 1000;
    const token = await signStreamToken(keys, {
      camera_id,
      cidade_id,
      action,
      agent_id,
      session_id: caller.session_id,
      exp_ms,
    });
    audit.note({ object_type: "camera", object_id: camera_id, cidade_id, details: { action } });
    return { token, expires_at: new Date(exp_ms).toISOString() };
  },
});
