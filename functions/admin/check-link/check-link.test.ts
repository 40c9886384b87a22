import { afterAll, beforeAll, expect, test } from "vitest";
import { withTenant } from "#lib/db/transaction.ts";
import { uuidv7 } from "#lib/ids.ts";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { createLink, useLink, type LinkKind } from "../links.ts";
import { newSecret } from "../secrets.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost({ admin: catalogue.admin });
});
afterAll(() => host.close());

const link = async (kind: LinkKind, made_at = new Date()) => {
  const id = uuidv7();
  const secret = await withTenant(host.database.system, "all", "write", (sql) =>
    createLink(sql, { id, kind, user_id: null }, made_at),
  );
  return { id, secret };
};
const check = (secret: string) => host.anyone.post("/api/links/check", { secret });

test("a link says what it is for and until when, and looking does not use it up", async () => {
  const made_at = new Date();
  const { secret } = await link("invitation", made_at);
  const expires_at = new Date(made_at.getTime() + 24 * 3_600_000).toISOString();
  for (const _time of [1, 2, 3]) {
    expect(await check(secret)).toMatchObject({ status: 200, body: { kind: "invitation", expires_at } });
  }
});

test("unknown, used and old links are one and the same answer", async () => {
  const [used, old] = [await link("invitation"), await link("invitation", new Date(Date.now() - 24 * 3_600_000))];
  await withTenant(host.database.system, "all", "write", (sql) => useLink(sql, used.id, new Date()));
  const answers = await Promise.all([newSecret(), used.secret, old.secret].map(check));
  for (const { status, body } of answers) {
    expect({ status, reason: body.reason, detail: body.detail }).toEqual({
      status: 404,
      reason: "link.not_valid",
      detail: answers[0]?.body.detail,
    });
  }
});

test("what cannot be a secret is refused before anything is looked up", async () => {
  expect((await check("curto")).status).toBe(400);
  expect((await host.anyone.post("/api/links/check", {})).status).toBe(400);
});

test("guessing from one address is slowed down", async () => {
  const answers = await Promise.all(Array.from({ length: 31 }, () => check(newSecret())));
  expect(answers.map(({ status }) => status)).toContain(429);
});
