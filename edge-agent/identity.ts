/** Who this agent is: an Ed25519 key made here, known to the server since an enrolment code was used for it. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { importJWK } from "jose/key/import";
import { SignJWT } from "jose/jwt/sign";
import * as z from "zod";
import { Enrolled } from "#functions/cidades/contract.ts";

const Key = z.object({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: z.string(), d: z.string() });
const Stored = z.object({ key: Key, agent: Enrolled.nullable() });
type Stored = z.infer<typeof Stored>;

const TOKEN_SECONDS = 110;
const RENEW_SECONDS = 60;
export const PROGRAM_VERSION = "0.1.0";

export type Identity = { agent_id: string; cidade_id: string; authorization(): Promise<string> };
/** Sends the enrolment; throws when the server refuses it or cannot be reached. */
export type SendEnrolment = (body: {
  code: string;
  public_key: { kty: "OKP"; crv: "Ed25519"; x: string };
  program_version: string;
}) => Promise<unknown>;

/** The key is on the disk before the code is used, so that a kill in between leaves no agent without its key. */
export const openIdentity = async (
  dir: string,
  code: () => string | null,
  send: SendEnrolment,
  now: () => number,
): Promise<Identity> => {
  const file = join(dir, "identity.json");
  const stored = existsSync(file) ? Stored.parse(JSON.parse(readFileSync(file, "utf8"))) : await newKey(file);
  if (stored.agent === null) {
    const secret = code();
    if (secret === null) throw new Error("This agent is not enrolled and has no enrolment code");
    const { kty, crv, x } = stored.key;
    const answer = await send({ code: secret, public_key: { kty, crv, x }, program_version: PROGRAM_VERSION });
    stored.agent = Enrolled.parse(answer);
    write(file, stored);
  }
  return { ...stored.agent, authorization: await signing(stored.key, stored.agent.agent_id, now) };
};

const newKey = async (file: string): Promise<Stored> => {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new Error("Ed25519 is missing in this Node");
  const key = Key.parse(await crypto.subtle.exportKey("jwk", pair.privateKey));
  const stored: Stored = { key, agent: null };
  write(file, stored);
  return stored;
};

const write = (file: string, stored: Stored): void => {
  writeFileSync(`${file}.new`, JSON.stringify(stored), { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
};

/** `now`: server time, ms. */
const signing = async (
  jwk: z.infer<typeof Key>,
  agent_id: string,
  now: () => number,
): Promise<() => Promise<string>> => {
  const key = await importJWK(jwk, "EdDSA");
  let token = "";
  let signed = Number.NEGATIVE_INFINITY;
  return async () => {
    const seconds = Math.floor(now() / 1000);
    // In both directions: the clock may just have been set.
    if (Math.abs(seconds - signed) >= RENEW_SECONDS) {
      token = await new SignJWT({})
        .setProtectedHeader({ alg: "EdDSA", kid: agent_id })
        .setAudience("gt-vision")
        .setExpirationTime(seconds + TOKEN_SECONDS)
        .sign(key);
      signed = seconds;
    }
    return `Bearer ${token}`;
  };
};
