import { argon2Sync } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { hashPassword, isOutdated } from "../passwords.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost({ admin: catalogue.admin });
});
afterAll(() => host.close());

const password = "correto cavalo bateria";
/** A user with a password of their own. */
const person = async (password_hash?: string) => {
  const city = await host.city();
  const { id } = await host.as(["live.view", "cameras.view"], [city.id]);
  await host.database
    .owner`update users set password_hash = ${password_hash ?? (await hashPassword(password))} where id = ${id}`;
  return { id, cidade_id: city.id, email: `${id}@example.org` };
};
const signIn = (email: string, secret = password, headers = {}) =>
  host.anyone.post("/api/sessions", { email, password: secret }, headers);

test("who knows the password gets a token that is good, with what they may and where; the refresh token is the cookie's alone", async () => {
  const { id, cidade_id, email } = await person();
  const { status, body, headers } = await signIn(email.toUpperCase());
  expect(status).toBe(201);
  expect(body).toMatchObject({ user: { id, email }, cities: [cidade_id], permissions: ["live.view", "cameras.view"] });
  expect(await host.keys.verifyAccessToken(body.access_token)).toMatchObject({ sub: id });
  const refresh = /gt_refresh=([^;]+); Path=\/api\/sessions; Max-Age=43200; HttpOnly; SameSite=Strict/.exec(
    headers.get("set-cookie") ?? "",
  )?.[1];
  expect(refresh).toMatch(/^[\w-]{43}$/);
  const kept = await host.database.owner`select * from sessions where user_id = ${id}`;
  expect(JSON.stringify([body, kept, await host.audit()])).not.toContain(refresh);
  expect(await host.audit()).toContainEqual(
    expect.objectContaining({ action: "sign-in", object_id: id, result: "done" }),
  );
});

test("a wrong password, an unknown e-mail and a deactivated user are one and the same answer", async () => {
  const [known, gone] = [await person(), await person()];
  await host.database.owner`update users set is_active = false where id = ${gone.id}`;
  const answers = [
    await signIn(known.email, "outra senha qualquer"),
    await signIn("ninguem@example.org"),
    await signIn(gone.email),
  ];
  for (const { status, body, headers } of answers) {
    expect({ status, reason: body.reason, detail: body.detail }).toEqual({
      status: 401,
      reason: "sign_in.wrong",
      detail: answers[0]?.body.detail,
    });
    expect(headers.get("set-cookie")).toBeNull();
  }
});

test("guessing at one account is slowed down, whatever the spelling, and others still get in", async () => {
  const [guessed, other] = [await person(), await person()];
  const tries = [];
  for (let n = 0; n < 11; n += 1)
    tries.push(await signIn(n % 2 ? guessed.email : guessed.email.toUpperCase(), "errada"));
  expect(tries.slice(0, 10).map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 401));
  expect(tries[10]).toMatchObject({ status: 429, body: { reason: "sign_in.too_many" } });
  expect(Number(tries[10]?.headers.get("retry-after"))).toBeGreaterThan(0);
  expect((await signIn(other.email)).status).toBe(201);
});

test("a hash of lesser parameters is renewed when the password is at hand", async () => {
  // Of `password`, with 1 pass over 8 MiB.
  const nonce = Buffer.alloc(16, 7);
  const tag = argon2Sync("argon2id", {
    message: password,
    nonce,
    memory: 8192,
    passes: 1,
    parallelism: 1,
    tagLength: 32,
  });
  const plain = (bytes: Buffer) => bytes.toString("base64").replaceAll("=", "");
  const { id, email } = await person(`$argon2id$v=19$m=8192,t=1,p=1$${plain(nonce)}$${plain(tag)}`);
  expect((await signIn(email)).status).toBe(201);
  const [user] = await host.database.owner<
    { password_hash: string }[]
  >`select password_hash from users where id = ${id}`;
  expect(isOutdated(user?.password_hash ?? "")).toBe(false);
  expect((await signIn(email)).status).toBe(201);
});

test("another site's page cannot sign anybody in", async () => {
  const { email } = await person();
  const answer = await signIn(email, password, { origin: "https://other.example.org" });
  expect(answer).toMatchObject({ status: 403, body: { reason: "access.origin" } });
});
