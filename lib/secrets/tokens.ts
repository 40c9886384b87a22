/** Reading tokens that strangers hand in. Which algorithm and which key is ours to say, never the token's. */
import { decodeProtectedHeader } from "jose/decode/protected_header";
import { jwtVerify } from "jose/jwt/verify";
import { importJWK } from "jose/key/import";
import * as z from "zod";
import { AppError } from "#lib/errors.ts";
import type { Keys } from "./keys.ts";
import type { TokenKey } from "./material.ts";

export const TOKEN_LIMIT_BYTES = 8 * 1024;
export const CLOCK_SKEW_SECONDS = 30;
export const AGENT_TOKEN_SECONDS = 120;
const AUDIENCE = "gt-vision";

const AccessClaims = z.object({
  sub: z.uuid(),
  sid: z.uuid(),
  sv: z.int(),
});

export const verifyAccessToken = (ring: readonly TokenKey[], clock: () => Date): Keys["verifyAccessToken"] => {
  const keys = new Map(ring.map((key) => [key.id, key]));
  const imported = new Map<string, ReturnType<typeof importJWK>>();
  return async (token) => {
    const key = keys.get(kidOf(token, "RS256"));
    if (!key) throw refused();
    const ready = imported.get(key.id) ?? importJWK(key.public_jwk, "RS256");
    imported.set(key.id, ready);
    try {
      const { payload } = await jwtVerify(token, await ready, {
        algorithms: ["RS256"],
        issuer: AUDIENCE,
        audience: AUDIENCE,
        typ: "at+jwt",
        requiredClaims: ["exp", "iat", "sub"],
        clockTolerance: CLOCK_SKEW_SECONDS,
        currentDate: clock(),
      });
      return AccessClaims.parse(payload);
    } catch (cause) {
      throw refused(cause);
    }
  };
};

/** Signed by the agent itself; `exp` at most two minutes ahead, so that a copied one is soon worthless. */
export const verifyAgentToken = async (
  token: string,
  publicKeyOf: (agent_id: string) => Promise<Record<string, unknown> | null>,
  now: Date,
): Promise<{ agent_id: string; expires_at: Date }> => {
  const agent_id = kidOf(token, "EdDSA");
  const jwk = z.uuid().safeParse(agent_id).success ? await publicKeyOf(agent_id) : null;
  if (!jwk || jwk["kty"] !== "OKP" || jwk["crv"] !== "Ed25519") throw refused();
  try {
    const { payload } = await jwtVerify(
      token,
      await importJWK({ kty: "OKP", crv: "Ed25519", x: String(jwk["x"]) }, "EdDSA"),
      {
        algorithms: ["EdDSA"],
        audience: AUDIENCE,
        requiredClaims: ["exp"],
        clockTolerance: CLOCK_SKEW_SECONDS,
        currentDate: now,
      },
    );
    const exp = payload.exp ?? 0;
    if (exp > now.getTime() / 1000 + AGENT_TOKEN_SECONDS + CLOCK_SKEW_SECONDS) throw refused();
    return { agent_id, expires_at: new Date(exp * 1000) };
  } catch (cause) {
    throw refused(cause);
  }
};

/** Looks at a header that nobody vouches for yet; `jwk`, `jku` and `x5u` in it are never followed. */
const kidOf = (token: string, algorithm: "RS256" | "EdDSA"): string => {
  if (token.length > TOKEN_LIMIT_BYTES) throw refused();
  let header: ReturnType<typeof decodeProtectedHeader>;
  try {
    header = decodeProtectedHeader(token);
  } catch (cause) {
    throw refused(cause);
  }
  if (header.alg !== algorithm || header.crit !== undefined || typeof header.kid !== "string") throw refused();
  return header.kid;
};

const refused = (cause?: unknown): AppError =>
  cause instanceof AppError
    ? cause
    : new AppError("unauthorized", "The token is not valid", { reason: "token.invalid", cause });
