/**
 * `Keys` as a worker has them too: WebCrypto, and `node:crypto` for HMAC alone. A list signs a URL per picture: 28 µs each by
 * WebCrypto, 25 µs from bytes, 3 µs from a key that was made once. Reading the files is another matter.
 */
import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from "node:crypto";
import { SignJWT } from "jose/jwt/sign";
import { importJWK } from "jose/key/import";
import { AppError } from "#lib/errors.ts";
import { uuidv7 } from "#lib/ids.ts";
import type { Keys } from "./keys.ts";
import type { Material, SymmetricKey, SymmetricRing, TokenKey } from "./material.ts";
import { verifyAccessToken } from "./tokens.ts";

export const ACCESS_TOKEN_SECONDS = 600;
export const TOKEN_ISSUER = "gt-vision";
const NONCE_BYTES = 12;

export const keysFrom = (material: Material, clock: () => Date = () => new Date()): Keys => {
  const ring = ringReader(material);
  return {
    ...sealing(ring),
    signAccessToken: accessTokenSigner(material, clock),
    verifyAccessToken: verifyAccessToken(material.tokens.keys, clock),
    jwks: async () => ({ keys: material.tokens.keys.map(publicJwk) }),
    async mac(name, text) {
      const key = ring.newest(name);
      return { key_id: key.id, mac: hmac(ring.signing(key), text).toString("hex") };
    },
    async checkMac(name, text, signed) {
      const key = ring.find(name, signed.key_id);
      if (!key || !/^[0-9a-f]{64}$/.test(signed.mac)) return false;
      return timingSafeEqual(hmac(ring.signing(key), text), Buffer.from(signed.mac, "hex"));
    },
  };
};

/** Sealing alone, for who has one ring and nothing else. */
export const sealingBy = (seal: Material["seal"]): Pick<Keys, "seal" | "open"> => sealing(ringReader({ seal }));

type RingReader = ReturnType<typeof ringReader>;
const ringReader = (material: Partial<Pick<Material, SymmetricRing>>) => {
  const secrets = new Map<string, Promise<CryptoKey>>();
  const signing = new Map<string, KeyObject>();
  return {
    find: (ring: SymmetricRing, id: string) => material[ring]?.keys.find((key) => key.id === id),
    newest: (ring: SymmetricRing): SymmetricKey => mustHave(material[ring]?.keys.at(-1), ring),
    /** Made once, when first needed: a cold start pays only for what its function uses. By its own text, because rings may share ids. */
    signing({ key }: SymmetricKey): KeyObject {
      const there = signing.get(key) ?? createSecretKey(unbase64url(key));
      signing.set(key, there);
      return there;
    },
    sealing(key: SymmetricKey): Promise<CryptoKey> {
      const there = secrets.get(key.id) ?? importSealing(key);
      secrets.set(key.id, there);
      return there;
    },
  };
};

const sealing = (ring: RingReader): Pick<Keys, "seal" | "open"> => ({
  async seal(plain, context) {
    const key = ring.newest("seal");
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const sealed = await crypto.subtle.encrypt(gcm(nonce, context), await ring.sealing(key), utf8(plain));
    return `v1.${key.id}.${base64url(nonce)}.${base64url(new Uint8Array(sealed))}`;
  },
  async open(sealed, context) {
    const [version, id = "", nonce = "", text = "", ...rest] = sealed.split(".");
    if (version !== "v1" || rest.length > 0) throw new AppError("internal", "A sealed text has an unknown form");
    const key = ring.find("seal", id);
    if (!key) throw new AppError("internal", `A sealed text needs key ${printable(id)}, which is not in the ring`);
    const secret = await ring.sealing(key);
    try {
      const bytes = await crypto.subtle.decrypt(gcm(unbase64url(nonce), context), secret, unbase64url(text));
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      throw new AppError("internal", `A text sealed with key ${printable(id)} was changed or belongs elsewhere`);
    }
  },
});

const accessTokenSigner =
  (material: Material, clock: () => Date): Keys["signAccessToken"] =>
  async ({ sub, sid, sv }) => {
    const now = clock();
    const seconds = Math.floor(now.getTime() / 1000);
    const key = signingKey(material, now);
    const expires_at = new Date((seconds + ACCESS_TOKEN_SECONDS) * 1000);
    const token = await new SignJWT({ sid, sv })
      .setProtectedHeader({ alg: "RS256", typ: "at+jwt", kid: key.id })
      .setIssuer(TOKEN_ISSUER)
      .setAudience(TOKEN_ISSUER)
      .setSubject(sub)
      .setJti(uuidv7(now))
      .setIssuedAt(seconds)
      .setExpirationTime(expires_at)
      .sign(await importJWK(key.private_jwk, "RS256"));
    return { token, expires_at };
  };

const publicJwk = ({ id, public_jwk: { kty, n, e } }: TokenKey) => ({ kty, n, e, kid: id, alg: "RS256", use: "sig" });

/** The newest whose time has come; before that, the one that is published already. */
const signingKey = (material: Material, now: Date) => {
  const due = material.tokens.keys.filter(({ signs_from }) => signs_from <= now.toISOString());
  return mustHave(due.at(-1) ?? material.tokens.keys[0], "tokens");
};

const importSealing = ({ key }: SymmetricKey): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", unbase64url(key), "AES-GCM", false, ["encrypt", "decrypt"]);

const hmac = (key: KeyObject, text: string): Buffer => createHmac("sha256", key).update(text, "utf8").digest();
const gcm = (iv: Uint8Array<ArrayBuffer>, context: string) => ({ name: "AES-GCM", iv, additionalData: utf8(context) });
const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
const unbase64url = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, "base64url"));
const printable = (id: string): string => (/^[\w-]{1,64}$/.test(id) ? id : "(unreadable)");

const mustHave = <T>(key: T | undefined, ring: string): T => {
  if (key === undefined) throw new AppError("internal", `The key ring ${ring} is empty`);
  return key;
};
