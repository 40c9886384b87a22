/** What strangers send to the real server: refused in the right words, and nothing of the inside is told. */
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportSPKI } from "jose/key/export";
import { importJWK } from "jose/key/import";
import { SignJWT } from "jose/jwt/sign";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { consoleRoutes } from "#infra/local/console-files.ts";
import { permissions } from "#lib/function/permissions.ts";
import { serve, type Serving } from "#lib/function/serve.ts";
import { uuidv7 } from "#lib/ids.ts";
import { createLog } from "#lib/log.ts";
import { objectRoutes } from "#lib/object-store/routes.ts";
import { keysFrom } from "#lib/secrets/key-rings.ts";
import { connectObjects } from "#lib/object-store/connect.ts";
import { testHost, testMaterial, type TestClient, type TestHost } from "#test/harness/host.ts";
import { openRaw, sendRaw, untilClosed } from "#test/harness/raw-http.ts";

const HOST = "Host: gt.test\r\nConnection: close\r\n";

let folder: string;
let host: TestHost;
let serving: Serving;
let city: { id: string };
let operator: TestClient;
const lines: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "gt-faults-"));
  mkdirSync(join(folder, "console"));
  writeFileSync(join(folder, "secret.txt"), "the secret beside the folders");
  writeFileSync(join(folder, "console", "index.html"), "<title>console</title>");
  const keys = keysFrom(await testMaterial());
  const objects = await connectObjects(`file:${join(folder, "objects")}`, { keys });
  host = await testHost(catalogue, {
    grants: { objects },
    log: createLog({ context: "host", write: (line) => void lines.push(line) }),
    routes: [objectRoutes(objects, keys), consoleRoutes(join(folder, "console"))],
  });
  serving = await serve(host.host, { port: 0 });
  city = await host.city();
  operator = await host.as(permissions, [city.id]);
});
afterAll(async () => {
  await serving?.close();
  await host?.close();
  rmSync(folder, { recursive: true });
});

const ask = async (path: string, init: Omit<RequestInit, "headers"> & { headers?: Record<string, string> } = {}) => {
  const response = await fetch(`http://127.0.0.1:${serving.port}${path}`, {
    ...init,
    headers: { authorization: operator.authorization, ...init.headers },
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
};
const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  ask(path, { method: "POST", body, headers: { "content-type": "application/json", ...headers } });

const mustTellNothing = (text: string): void =>
  expect(text).not.toMatch(
    /\bat .+:\d+:\d+|node_modules|\/work\/|\/home\/|\/tmp\/|\bselect\b|\binsert\b|postgres|zod/i,
  );

const mustBeProblem = ({ headers, text, status }: Awaited<ReturnType<typeof ask>>): void => {
  expect(headers.get("content-type")).toBe("application/problem+json");
  expect(JSON.parse(text)).toMatchObject({ status, correlation_id: headers.get("x-correlation-id") });
  mustTellNothing(text);
};

describe("a body", () => {
  const camera = (more: object = {}): string => JSON.stringify({ cidade_id: city.id, nome: "Portão", ...more });
  const refused: [string, number, () => string][] = [
    ["that is cut off", 400, () => camera().slice(0, -5)],
    ["of another type", 400, () => camera({ nome: { $gt: "" } })],
    ["with a field that nobody knows", 400, () => camera({ password_hash: "x" })],
    ["with the same name twice", 400, () => camera().replace("{", '{"nome":"Outro",')],
    ["that reaches for a prototype", 400, () => camera().replace("{", '{"__proto__":{"is_admin":true},')],
    ["ten thousand levels deep", 400, () => `${"[".repeat(10_000)}${"]".repeat(10_000)}`],
    ["whose address is no rtsp", 422, () => camera({ url_rtsp: "file:///etc/passwd" })],
    ["over the limit", 413, () => camera({ localizacao: "x".repeat(1024 * 1024) })],
  ];
  test.for(refused)("%s is a %i with its correlation id and nothing of the inside", async ([, status, body]) => {
    const answer = await post("/api/cameras", body());
    expect(answer.status).toBe(status);
    mustBeProblem(answer);
  });

  test("of another content type, or compressed, is a 415", async () => {
    for (const headers of [
      { "content-type": "text/plain" },
      { "content-type": "application/x-www-form-urlencoded" },
      { "content-encoding": "gzip" },
      { "content-encoding": "gzip, gzip" },
    ]) {
      const answer = await post("/api/cameras", camera(), headers);
      expect(answer.status).toBe(415);
      mustBeProblem(answer);
    }
  });

  test("without a length is counted as it comes, and the line is closed long before its end", async () => {
    const socket = await openRaw(serving.port);
    const closed = untilClosed(socket);
    socket.write(
      `POST /api/cameras HTTP/1.1\r\nHost: gt.test\r\nAuthorization: ${operator.authorization}\r\n` +
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
    let sent = 0;
    const more = (): void => {
      if (socket.destroyed || !socket.writable) return;
      sent += 0x10000;
      if (socket.write(chunk)) setImmediate(more);
      else socket.once("drain", more);
    };
    more();
    // What was still on its way when the line was closed may have cost us the answer, but not the server its word.
    expect(await closed).toMatch(/^HTTP\/1\.1 413 |^$/);
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ route: "/api/cameras", status: 413 });
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  test("with two lengths, or a length that lies, never reaches a function", async () => {
    const head = `POST /api/cameras HTTP/1.1\r\n${HOST}Authorization: ${operator.authorization}\r\nContent-Type: application/json\r\n`;
    const smuggled = `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x`;
    expect((await sendRaw(serving.port, smuggled)).status).toBe(400);
    expect((await sendRaw(serving.port, `${head}Content-Length: 4\r\nContent-Length: 5\r\n\r\n{}{}{`)).status).toBe(
      400,
    );
    const before = lines.length;
    const short = await openRaw(serving.port);
    const closed = untilClosed(short);
    short.end(`${head}Content-Length: 500\r\n\r\n{"cidade_id":`);
    await closed;
    expect(lines.slice(before).some((line) => line.includes('"status":201'))).toBe(false);
  });
});

describe("a token", () => {
  const claims = async () => {
    const [row] = await host.database.owner<{ id: string }[]>`select id from sessions where user_id = ${operator.id}`;
    return { sid: row?.id ?? "", sv: 1 };
  };
  type Made = { alg?: string; kid?: string; aud?: string; iss?: string; typ?: string; exp?: number };
  const tokenWith = async (made: Made): Promise<string> => {
    const { tokens } = await testMaterial();
    const key = tokens.keys.at(-1);
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT(await claims())
      .setProtectedHeader({ alg: "RS256", typ: made.typ ?? "at+jwt", kid: made.kid ?? key?.id ?? "" })
      .setIssuer(made.iss ?? "gt-vision")
      .setAudience(made.aud ?? "gt-vision")
      .setSubject(operator.id)
      .setIssuedAt(now - 10)
      .setExpirationTime(made.exp ?? now + 60)
      .sign(await importJWK(key?.private_jwk ?? {}, "RS256"));
  };
  const statusOf = async (token: string): Promise<number> => {
    const answer = await ask("/api/cities", { headers: { authorization: `Bearer ${token}` } });
    if (answer.status === 401) mustBeProblem(answer);
    return answer.status;
  };
  const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

  test("of ours opens, so that the refusals below mean something", async () => {
    expect(await statusOf(await tokenWith({}))).toBe(200);
  });

  test("with no signature is refused, however `none` is written", async () => {
    const [, payload] = (await tokenWith({})).split(".");
    const { tokens } = await testMaterial();
    for (const alg of ["none", "None", "nOnE", "NONE"]) {
      const header = encoded({ alg, typ: "at+jwt", kid: tokens.keys[0]?.id });
      expect(await statusOf(`${header}.${payload}.`)).toBe(401);
    }
  });

  test("signed with our public key as if it were a secret is refused", async () => {
    const { tokens } = await testMaterial();
    const key = tokens.keys.at(-1);
    const pem = await exportSPKI((await importJWK(key?.public_jwk ?? {}, "RS256", { extractable: true })) as CryptoKey);
    const der = Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");
    for (const secret of [
      new TextEncoder().encode(pem),
      new Uint8Array(der),
      new TextEncoder().encode(JSON.stringify(key?.public_jwk)),
    ]) {
      const forged = await new SignJWT(await claims())
        .setProtectedHeader({ alg: "HS256", typ: "at+jwt", kid: key?.id ?? "" })
        .setIssuer("gt-vision")
        .setAudience("gt-vision")
        .setSubject(operator.id)
        .setIssuedAt()
        .setExpirationTime("1m")
        .sign(secret);
      expect(await statusOf(forged)).toBe(401);
    }
  });

  test("of an unknown key, or one that brings its key along, is refused", async () => {
    for (const kid of [
      "unknown",
      "../../../../dev/null",
      "' or 1=1 --",
      "constructor",
      "__proto__",
      "k".repeat(6000),
    ]) {
      expect(await statusOf(await tokenWith({ kid }))).toBe(401);
    }
    const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const { tokens } = await testMaterial();
    const own = await new SignJWT(await claims())
      .setProtectedHeader({
        alg: "RS256",
        typ: "at+jwt",
        kid: tokens.keys[0]?.id ?? "",
        jwk: pair.publicKey.export({ format: "jwk" }) as never,
      })
      .setIssuer("gt-vision")
      .setAudience("gt-vision")
      .setSubject(operator.id)
      .setIssuedAt()
      .setExpirationTime("1m")
      .sign(pair.privateKey);
    expect(await statusOf(own)).toBe(401);
  });

  test("that is old, not for us, not by us or of another kind is refused", async () => {
    const now = Math.floor(Date.now() / 1000);
    expect(await statusOf(await tokenWith({ exp: now - 31 }))).toBe(401);
    expect(await statusOf(await tokenWith({ aud: "other" }))).toBe(401);
    expect(await statusOf(await tokenWith({ iss: "other" }))).toBe(401);
    expect(await statusOf(await tokenWith({ typ: "JWT" }))).toBe(401);
    for (const text of ["", "x", "a.b.c", "..", "null", "a".repeat(9000)]) expect(await statusOf(text)).toBe(401);
  });

  test("that is missing is a 401 on every route that asks who is calling", async () => {
    const asking = Object.values(catalogue)
      .flatMap((functions) => Object.values(functions))
      .flatMap((one) => ("http" in one && one.http.access !== "anyone" ? [one.http] : []));
    expect(asking.length).toBeGreaterThan(40);
    for (const { method, path } of asking) {
      const answer = await fetch(`http://127.0.0.1:${serving.port}${path.replaceAll(/\{\w+\}/g, uuidv7())}`, {
        method,
      });
      expect([method, path, answer.status]).toEqual([method, path, 401]);
      await answer.body?.cancel();
    }
  });
});

describe("a request", () => {
  test("by an unknown method is answered without opening anything to other origins", async () => {
    for (const method of ["OPTIONS", "PUT", "PROPFIND", "TRACE", "HEAD"]) {
      const request = `${method} /api/cities HTTP/1.1\r\n${HOST}Origin: https://evil.test\r\nAccess-Control-Request-Method: GET\r\n\r\n`;
      const { status, headers } = await sendRaw(serving.port, request);
      // HEAD is a GET without a body, and asks who is calling like it.
      expect([method, status]).toEqual([method, method === "HEAD" ? 401 : 404]);
      expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    }
  });

  test("that climbs out of a folder finds nothing", async () => {
    const signed = (await host.objects.signedGet("clips", "a/b.mp4", { expires_in_seconds: 60 })).url.split("?")[1];
    const ways = [
      "../secret.txt",
      "..%2fsecret.txt",
      "%2e%2e/secret.txt",
      "..\\secret.txt",
      "....//secret.txt",
      "%00",
      "a/b.mp4/../../../../secret.txt",
    ];
    for (const way of ways) {
      for (const path of [
        `/${way}`,
        `/assets/${way}`,
        `/objects/clips/${way}?${signed}`,
        `/objects/${way}?${signed}`,
      ]) {
        const { status, body } = await sendRaw(serving.port, `GET ${path} HTTP/1.1\r\n${HOST}\r\n`);
        expect(body).not.toContain("the secret");
        expect([200, 400, 403, 404]).toContain(status);
        mustTellNothing(body);
      }
    }
  });

  test("for an object by a link that was changed or has no signature is refused", async () => {
    const { url } = await host.objects.signedGet("clips", "a/b.mp4", { expires_in_seconds: 60 });
    expect((await ask(url)).status).toBe(404);
    const changed = [
      url.replace("b.mp4", "c.mp4"),
      url.replace(/exp=\d+/, "exp=9999999999"),
      url.split("?")[0] ?? "",
      `${url}&exp=1`,
    ];
    for (const link of changed) {
      const answer = await ask(link);
      expect(answer.status).toBe(403);
      mustBeProblem(answer);
    }
  });

  test("cannot write lines of its own into the log", async () => {
    lines.length = 0;
    const forged = encodeURIComponent('x"}\n{"level":"error","message":"forged"}');
    const answer = await ask(`/api/cities/${forged}?a=${forged}`, {
      headers: { "user-agent": '"}{"forged":1', "x-correlation-id": "forged-by-me" },
    });
    expect(answer.status).toBe(400);
    expect(answer.headers.get("x-correlation-id")).not.toBe("forged-by-me");
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(/forged/);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ message: "request", route: "/api/cities/{id}" });
  });

  test("for another city's things is answered as for things that are not there", async () => {
    const elsewhere = await host.as(permissions, [(await host.city()).id]);
    const camera = JSON.parse(
      (await post("/api/cameras", JSON.stringify({ cidade_id: city.id, nome: "Praça" }))).text,
    ) as { id: string };
    const asked = async (id: string) => {
      const { status, text } = await ask(`/api/cameras/${id}`, { headers: { authorization: elsewhere.authorization } });
      return { status, problem: { ...(JSON.parse(text) as object), correlation_id: "" } };
    };
    const theirs = await asked(camera.id);
    expect(theirs.status).toBe(404);
    expect(theirs).toEqual(await asked(uuidv7()));
  });

  test("twenty times at once with one Idempotency-Key has one effect and one answer; another body is a 409", async () => {
    const key = uuidv7();
    const body = JSON.stringify({ cidade_id: city.id, nome: "Vinte vezes" });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post("/api/watchlists", body, { "idempotency-key": key })),
    );
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(201);
    const [row] = await host.database.owner`select count(*)::int as n from watchlists where nome = 'Vinte vezes'`;
    expect(row).toEqual({ n: 1 });
    const other = await post("/api/watchlists", body.replace("Vinte", "Uma"), { "idempotency-key": key });
    expect(other.status).toBe(409);
    mustBeProblem(other);
  });
});
