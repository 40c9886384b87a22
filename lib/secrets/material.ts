/** What the key rings are made of. Pure: making, rotating, checking; no files. */
import * as z from "zod";
import { uuidv7 } from "#lib/ids.ts";

/** 256 bit, base64url. */
const SymmetricKey = z.object({
  id: z.string().min(4).max(64),
  key: z.base64url().length(43),
  made_at: z.iso.datetime(),
});
const Jwk = z.record(z.string(), z.unknown());
const TokenKey = z.object({
  id: z.string().min(4).max(64),
  private_jwk: Jwk,
  public_jwk: Jwk,
  made_at: z.iso.datetime(),
  /** Published at once, used for signing from here on: others have fetched the JWKS by then. */
  signs_from: z.iso.datetime(),
});
export type SymmetricKey = z.infer<typeof SymmetricKey>;
export type TokenKey = z.infer<typeof TokenKey>;

export const symmetricRings = ["seal", "refresh", "urls", "cursors", "streams"] as const;
export type SymmetricRing = (typeof symmetricRings)[number];
export const ringNames = [...symmetricRings, "tokens"] as const;
export type RingName = (typeof ringNames)[number];

export const Ring = z.object({ keys: z.array(SymmetricKey).min(1) });
const TokenRing = z.object({ keys: z.array(TokenKey).min(1) });

/** Newest key last. */
export const Material = z.object({
  seal: Ring,
  refresh: Ring,
  urls: Ring,
  cursors: Ring,
  streams: Ring,
  tokens: TokenRing,
  /** With which the connector proves to functions in other processes that it is the system. */
  system_token: z.string().min(32),
});
export type Material = z.infer<typeof Material>;

export const RSA_BITS = 3072;
const PUBLISHED_BEFORE_SIGNING_MS = 24 * 3_600_000;

export const newMaterial = async (now: Date): Promise<Material> => ({
  ...newRings(now),
  tokens: { keys: [await newTokenKey(now, now)] },
  system_token: randomText(32),
});

const newRings = (now: Date): Record<SymmetricRing, { keys: SymmetricKey[] }> => ({
  seal: newRing(now),
  refresh: newRing(now),
  urls: newRing(now),
  cursors: newRing(now),
  streams: newRing(now),
});

export const newRing = (now: Date): { keys: SymmetricKey[] } => ({ keys: [newSymmetricKey(now)] });
export const newTokenRing = async (now: Date): Promise<{ keys: TokenKey[] }> => ({
  keys: [await newTokenKey(now, now)],
});

/**
 * A ring with one key more. Old symmetric keys stay: what they sealed or signed must be readable until it is written
 * anew. A token key goes when its successor has signed for longer than any token lives.
 */
export const rotate = async (material: Material, ring: RingName, now: Date): Promise<Material> => {
  if (ring !== "tokens") {
    return { ...material, [ring]: { keys: [...material[ring].keys, newSymmetricKey(now)] } };
  }
  const { keys } = material.tokens;
  const retired = new Date(now.getTime() - PUBLISHED_BEFORE_SIGNING_MS).toISOString();
  const kept = keys.filter((_, index) => {
    const successor = keys[index + 1];
    return !successor || successor.signs_from > retired;
  });
  const signsFrom = new Date(now.getTime() + PUBLISHED_BEFORE_SIGNING_MS);
  return { ...material, tokens: { keys: [...kept, await newTokenKey(now, signsFrom)] } };
};

const newSymmetricKey = (now: Date): SymmetricKey => ({
  id: keyId(now),
  key: randomText(32),
  made_at: now.toISOString(),
});

const newTokenKey = async (now: Date, signsFrom: Date): Promise<TokenKey> => {
  const algorithm = {
    name: "RSASSA-PKCS1-v1_5",
    modulusLength: RSA_BITS,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: "SHA-256",
  };
  const pair = (await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as CryptoKeyPair;
  return {
    id: keyId(now),
    private_jwk: { ...((await crypto.subtle.exportKey("jwk", pair.privateKey)) as object) },
    public_jwk: { ...((await crypto.subtle.exportKey("jwk", pair.publicKey)) as object) },
    made_at: now.toISOString(),
    signs_from: signsFrom.toISOString(),
  };
};

/** Says when a key was made, so that people can tell keys apart: `k20261124-3f9c2a1b`. */
const keyId = (now: Date): string => `k${now.toISOString().slice(0, 10).replaceAll("-", "")}-${uuidv7(now).slice(-8)}`;

const randomText = (bytes: number): string =>
  Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("base64url");
