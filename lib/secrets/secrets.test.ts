import { mkdtemp, readdir, readFile, rm, stat, writeFile, mkdir, rename } from "node:fs/promises";
import { createHmac, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { uuidv7 } from "#lib/ids.ts";
import { testMaterial } from "#test/harness/host.ts";
import { ensureSecrets, openKeys, readMaterial, rotateFile } from "./files.ts";
import type { Keys } from "./keys.ts";
import { rotate, type Material } from "./material.ts";
import { keysFrom } from "./key-rings.ts";

let material: Material;
let keys: Keys;
let folder: string;
const now = { date: new Date("2026-11-24T12:00:00Z") };
const claims = { sub: uuidv7(), sid: uuidv7(), sv: 3 };

beforeAll(async () => {
  material = await testMaterial();
  keys = keysFrom(material, () => now.date);
  folder = await mkdtemp(join(tmpdir(), "gt-secrets-"));
});
afterAll(() => rm(folder, { recursive: true }));

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
/** A token signed with our own private key, but with whatever header and payload. */
const forge = (header: object, payload: object): string => {
  const text = `${base64(header)}.${base64(payload)}`;
  const key = createPrivateKey({ key: material.tokens.keys[0]?.private_jwk as never, format: "jwk" });
  return `${text}.${sign("sha256", Buffer.from(text), key).toString("base64url")}`;
};
const seconds = () => Math.floor(now.date.getTime() / 1000);
const kid = () => material.tokens.keys[0]?.id;
const good = () => ({ ...claims, iss: "gt-vision", aud: "gt-vision", iat: seconds(), exp: seconds() + 600 });
const header = (more: object = {}) => ({ alg: "RS256", typ: "at+jwt", kid: kid(), ...more });

describe("an access token", () => {
  test("says who its bearer is, for ten minutes", async () => {
    const { token, expires_at } = await keys.signAccessToken(claims);
    expect(await keys.verifyAccessToken(token)).toEqual(claims);
    expect(expires_at.getTime()).toBe(now.date.getTime() + 600_000);
    expect(await keys.verifyAccessToken(forge(header(), good()))).toEqual(claims);
  });

  const withoutExp = () => {
    const { exp: _, ...rest } = good();
    return rest;
  };
  const forged: [string, () => string][] = [
    ["alg none", () => `${base64({ alg: "none", typ: "at+jwt", kid: kid() })}.${base64(good())}.`],
    ["alg nOnE", () => `${base64({ alg: "nOnE", typ: "at+jwt", kid: kid() })}.${base64(good())}.`],
    [
      "HS256 with our public key",
      () => {
        const text = `${base64(header({ alg: "HS256" }))}.${base64(good())}`;
        const pem = createPublicKey({ key: material.tokens.keys[0]?.public_jwk as never, format: "jwk" }).export({
          type: "spki",
          format: "pem",
        });
        return `${text}.${createHmac("sha256", pem).update(text).digest("base64url")}`;
      },
    ],
    ["an unknown kid", () => forge(header({ kid: "other" }), good())],
    ["no kid", () => forge(header({ kid: undefined }), good())],
    ["a path as kid", () => forge(header({ kid: "../../dev/null" }), good())],
    ["a kid of 10 KB", () => forge(header({ kid: "k".repeat(10_000) }), good())],
    [
      "its own key in the header",
      () => {
        const [head, payload] = forge(
          header({ kid: "mine", jwk: { kty: "RSA" }, jku: "http://127.0.0.1:1/keys" }),
          good(),
        ).split(".");
        return `${head}.${payload}.AAAA`;
      },
    ],
    ["crit", () => forge(header({ crit: ["exp"] }), good())],
    ["no exp", () => forge(header(), withoutExp())],
    ["exp as text", () => forge(header(), { ...good(), exp: "9999999999" })],
    ["a negative exp", () => forge(header(), { ...good(), exp: -1 })],
    ["exp 31 s ago", () => forge(header(), { ...good(), exp: seconds() - 31 })],
    ["nbf in 31 s", () => forge(header(), { ...good(), nbf: seconds() + 31 })],
    ["another audience", () => forge(header(), { ...good(), aud: "other" })],
    ["another issuer", () => forge(header(), { ...good(), iss: "other" })],
    ["another type", () => forge(header({ typ: "JWT" }), good())],
    ["claims of another form", () => forge(header(), { ...good(), sv: "3" })],
    ["a changed payload", () => forge(header(), good()).replace(/\.[^.]+\./, `.${base64({ ...good(), sv: 4 })}.`)],
    ["no form at all", () => "constructor"],
    ["more than 8 KB", () => forge(header(), { ...good(), more: "x".repeat(9000) })],
  ];
  test.for(forged)("with %s is refused", async ([, token]) => {
    await expect(keys.verifyAccessToken(token())).rejects.toMatchObject({
      code: "unauthorized",
      reason: "token.invalid",
    });
  });

  test("is still good 30 s after its end, because clocks differ", async () => {
    await expect(keys.verifyAccessToken(forge(header(), { ...good(), exp: seconds() - 29 }))).resolves.toEqual(claims);
  });

  test("is signed with a new key only a day after it was published, and the old one goes after another", async () => {
    const day = 24 * 3_600_000;
    const made = new Date("2026-11-24T12:00:00Z");
    const turned = await rotate(material, "tokens", made);
    expect((await keysFrom(turned).jwks()).keys).toHaveLength(2);
    const kidAt = async (time: number) => {
      const { token } = await keysFrom(turned, () => new Date(time)).signAccessToken(claims);
      return (JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()) as { kid: string }).kid;
    };
    expect(await kidAt(made.getTime() + day - 1000)).toBe(turned.tokens.keys[0]?.id);
    expect(await kidAt(made.getTime() + day + 1000)).toBe(turned.tokens.keys[1]?.id);
    const soon = await rotate(turned, "tokens", new Date(made.getTime() + day + 1000));
    expect(soon.tokens.keys).toHaveLength(3);
    const later = await rotate(turned, "tokens", new Date(made.getTime() + 3 * day));
    expect(later.tokens.keys.map(({ id }) => id)).not.toContain(turned.tokens.keys[0]?.id);
  });

  test("JWKS shows nothing private", async () => {
    for (const key of (await keys.jwks()).keys) {
      expect(Object.keys(key).toSorted()).toEqual(["alg", "e", "kid", "kty", "n", "use"]);
      expect(String(key["n"]).length).toBeGreaterThan(500);
    }
  });
});

describe("a sealed text", () => {
  const context = "cameras/city/camera/url_rtsp";

  test("opens in its own place only, and never twice looks the same", async () => {
    const sealed = await keys.seal("rtsp://u:p@ss@host/é", context);
    expect(await keys.open(sealed, context)).toBe("rtsp://u:p@ss@host/é");
    expect(await keys.seal("rtsp://u:p@ss@host/é", context)).not.toBe(sealed);
    await expect(keys.open(sealed, "cameras/city/other/url_rtsp")).rejects.toMatchObject({ code: "internal" });
  });

  test("that was changed or cut is refused with the key's id and nothing of the text", async () => {
    const sealed = await keys.seal("rtsp://secret", context);
    const [version, id, nonce, text = ""] = sealed.split(".");
    const flipped = `${text.slice(0, 3)}${text[3] === "A" ? "B" : "A"}${text.slice(4)}`;
    for (const wrong of [
      `${version}.${id}.${nonce}.${flipped}`,
      sealed.slice(0, -3),
      `v2.${id}.${nonce}.${text}`,
      "",
      `${sealed}.x`,
    ]) {
      await expect(keys.open(wrong, context)).rejects.toMatchObject({ code: "internal" });
    }
    await expect(keys.open(`${version}.${id}.${nonce}.${flipped}`, context)).rejects.toThrow(String(id));
  });

  test("outlives the rotation of its ring, and a key that is gone is named", async () => {
    const sealed = await keys.seal("x", context);
    const turned = await rotate(material, "seal", new Date());
    const both = keysFrom(turned);
    expect(await both.open(sealed, context)).toBe("x");
    const fresh = await both.seal("y", context);
    expect(fresh.split(".")[1]).toBe(turned.seal.keys[1]?.id);
    await expect(keys.open(fresh, context)).rejects.toThrow(turned.seal.keys[1]?.id);
  });
});

describe("a signature", () => {
  test("holds for its ring and its text alone, also after rotation", async () => {
    const signed = await keys.mac("urls", "text");
    expect(signed.mac).toMatch(/^[0-9a-f]{64}$/);
    expect(await keysFrom(await rotate(material, "urls", new Date())).checkMac("urls", "text", signed)).toBe(true);
    expect(await keys.checkMac("urls", "text2", signed)).toBe(false);
    expect(await keys.checkMac("cursors", "text", signed)).toBe(false);
    expect(await keys.checkMac("urls", "text", { ...signed, key_id: "constructor" })).toBe(false);
    expect(await keys.checkMac("urls", "text", { ...signed, mac: signed.mac.slice(2) })).toBe(false);
  });
});

describe("the secrets folder", () => {
  test("is made once, for its owner alone, also by two starters at once", async () => {
    const dir = join(folder, "made");
    await Promise.all([ensureSecrets(dir), ensureSecrets(dir)]);
    const names = await readdir(dir);
    expect(names.toSorted()).toEqual(
      ["cursors", "refresh", "seal", "streams", "tokens", "urls"]
        .map((name) => `gt-${name}.json`)
        .concat("gt-system-token")
        .toSorted(),
    );
    for (const name of names) expect((await stat(join(dir, name))).mode & 0o777).toBe(0o600);
    const before = await readFile(join(dir, "gt-seal.json"), "utf8");
    await ensureSecrets(dir);
    expect(await readFile(join(dir, "gt-seal.json"), "utf8")).toBe(before);
  });

  test("opens as keys, rotates in place, and reads a folder with the one file as platforms mount it", async () => {
    const dir = join(folder, "made");
    const sealed = await (await openKeys(dir)).seal("x", "c");
    await rotateFile(dir, "seal");
    expect((await readMaterial(dir)).seal.keys).toHaveLength(2);
    expect((await stat(join(dir, "gt-seal.json"))).mode & 0o777).toBe(0o600);
    await rename(join(dir, "gt-seal.json"), join(dir, "moved"));
    await mkdir(join(dir, "gt-seal.json"));
    await rename(join(dir, "moved"), join(dir, "gt-seal.json", "value"));
    expect(await (await openKeys(dir)).open(sealed, "c")).toBe("x");
  });

  test("that is broken is refused with the file's name and without its text", async () => {
    const dir = join(folder, "made");
    await writeFile(join(dir, "gt-urls.json"), '{"keys":[{"id":"k1","key":"topsecret"}]}');
    const error = await openKeys(dir).catch((thrown: unknown) => String(thrown));
    expect(error).toContain("urls");
    expect(error).not.toContain("topsecret");
    await rm(join(dir, "gt-urls.json"));
    await expect(openKeys(dir)).rejects.toThrow("gt-urls.json is missing");
  });
});
