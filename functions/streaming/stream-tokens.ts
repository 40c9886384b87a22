/** Tokens for live video: one camera, one action, one session, 60 s. Signed, not stored. */
import { AppError } from "#lib/errors.ts";
import type { Keys } from "#lib/secrets/keys.ts";
import { StreamClaims } from "./contract.ts";

export const STREAM_TOKEN_SECONDS = 60;

export const signStreamToken = async (keys: Keys, claims: StreamClaims): Promise<string> => {
  const text = Buffer.from(JSON.stringify(claims)).toString("base64url");
  const { key_id, mac } = await keys.mac("streams", text);
  return `${text}.${key_id}.${mac}`;
};

/** Throws `unauthorized`. */
export const verifyStreamToken = async (keys: Keys, token: string, now: Date): Promise<StreamClaims> => {
  const [text = "", key_id = "", mac = ""] = token.split(".");
  if (await keys.checkMac("streams", text, { key_id, mac })) {
    const claims = StreamClaims.parse(JSON.parse(Buffer.from(text, "base64url").toString()));
    if (claims.exp_ms > now.getTime()) return claims;
  }
  throw new AppError("unauthorized", "The stream token is not valid", { reason: "stream.token" });
};
