import { createLocalJWKSet } from "jose/jwks/local";
import { jwtVerify } from "jose/jwt/verify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost({ admin: catalogue.admin });
});
afterAll(() => host.close());

test("anyone can verify an access token with the keys that are published", async () => {
  const user = await host.as(["live.view"]);
  const { status, body } = await host.anyone.get("/api/jwks");
  expect(status).toBe(200);
  const token = user.authorization.slice("Bearer ".length);
  const { payload } = await jwtVerify(token, createLocalJWKSet(body), { algorithms: ["RS256"] });
  expect(payload.sub).toBe(user.id);
});

test("no private half of a key is published", async () => {
  const { body } = await host.anyone.get("/api/jwks");
  expect(body.keys.length).toBeGreaterThan(0);
  for (const key of body.keys) {
    expect(Object.keys(key)).toEqual(expect.arrayContaining(["kid", "n", "e"]));
    for (const secret of ["d", "p", "q", "dp", "dq", "qi", "k"]) expect(key).not.toHaveProperty(secret);
  }
});
