import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestAnswer, type TestHost } from "#test/harness/host.ts";
import { hashPassword } from "../passwords.ts";

let host: TestHost;
const time = { now: Date.now() };
beforeAll(async () => {
  host = await testHost({ admin: catalogue.admin }, { grants: { clock: () => new Date(time.now) } });
});
afterAll(() => host.close());

const password = "correto cavalo bateria";
const tokenOf = ({ headers }: TestAnswer): string =>
  /gt_refresh=([^;]*)/.exec(headers.get("set-cookie") ?? "")?.[1] ?? "";
const signedIn = async () => {
  const { id } = await host.as(["live.view"]);
  await host.database.owner`update users set password_hash = ${await hashPassword(password)} where id = ${id}`;
  const token = tokenOf(await host.anyone.post("/api/sessions", { email: `${id}@example.org`, password }));
  return { id, token };
};
const refresh = (token: string, headers = {}) =>
  host.anyone.post("/api/sessions/refresh", {}, { cookie: `other=1; gt_refresh=${token}`, ...headers });
const ended = { status: 401, body: { reason: "session.ended" } };

test("each refresh gives a good access token and another refresh token", async () => {
  const { id, token } = await signedIn();
  const first = await refresh(token);
  expect(first).toMatchObject({ status: 200, body: { user: { id }, permissions: ["live.view"], cities: "all" } });
  expect(await host.keys.verifyAccessToken(first.body.access_token)).toMatchObject({ sub: id });
  const second = await refresh(tokenOf(first));
  expect(second.status).toBe(200);
  expect(new Set([token, tokenOf(first), tokenOf(second)]).size).toBe(3);
});

test("two tabs at once, and one that comes some seconds later, get the same successor and go on", async () => {
  const { token } = await signedIn();
  const both = await Promise.all([refresh(token), refresh(token)]);
  time.now += 9_000;
  const successors = [...both, await refresh(token)].map(tokenOf);
  expect(new Set(successors).size).toBe(1);
  expect((await refresh(successors[0] ?? "")).status).toBe(200);
});

test("a token used again after the grace ends the session for everybody who holds a token of it", async () => {
  const { token } = await signedIn();
  const successor = tokenOf(await refresh(token));
  time.now += 11_000;
  expect(await refresh(token)).toMatchObject(ended);
  expect(await refresh(successor)).toMatchObject(ended);
  expect(await host.audit()).toContainEqual(
    expect.objectContaining({ action: "refresh-session", details: { revoked: "refresh token used again" } }),
  );
});

test("so does a token that was replaced several times since", async () => {
  const { token } = await signedIn();
  let latest = token;
  for (let n = 0; n < 4; n += 1) latest = tokenOf(await refresh(latest));
  time.now += 11_000;
  expect(await refresh(token)).toMatchObject(ended);
  expect(await refresh(latest)).toMatchObject(ended);
});

test("a session ends after half an hour without use, and after twelve hours of use", async () => {
  const idle = await signedIn();
  time.now += 30 * 60_000 + 1000;
  expect(await refresh(idle.token)).toMatchObject(ended);
  let { token } = await signedIn();
  const end = time.now + 12 * 3_600_000;
  for (; time.now + 29 * 60_000 < end; time.now += 29 * 60_000) token = tokenOf(await refresh(token));
  const last = await refresh(token);
  expect(Number(/Max-Age=(\d+)/.exec(last.headers.get("set-cookie") ?? "")?.[1])).toBeLessThanOrEqual(29 * 60);
  time.now = end;
  expect(await refresh(tokenOf(last))).toMatchObject(ended);
});

test("no cookie, an unknown token, a deactivated user: no session", async () => {
  expect(await host.anyone.post("/api/sessions/refresh", {})).toMatchObject({
    status: 401,
    body: { reason: "session.none" },
  });
  expect(await refresh("x".repeat(43))).toMatchObject(ended);
  const { id, token } = await signedIn();
  await host.database.owner`update users set is_active = false where id = ${id}`;
  expect(await refresh(token)).toMatchObject(ended);
});

test("another site's page cannot refresh, and the token stays good", async () => {
  const { token } = await signedIn();
  expect((await refresh(token, { origin: "https://other.example.org" })).status).toBe(403);
  expect((await refresh(token)).status).toBe(200);
});
