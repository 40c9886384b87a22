import { afterAll, beforeAll, expect, test } from "vitest";
import { withTenant } from "#lib/db/transaction.ts";
import { uuidv7 } from "#lib/ids.ts";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { createLink, issueFirstLink } from "../links.ts";
import { hashPassword } from "../passwords.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost({ admin: catalogue.admin });
});
afterAll(() => host.close());

const person = { nome: "Pessoa de Teste", email: "pessoa@example.org", password: "correto cavalo bateria" };
const firstLink = () =>
  withTenant(host.database.system, "all", "write", (sql) => issueFirstLink(sql, uuidv7(), new Date()));

test("the first link makes an administrator once, looking at it does not use it up, and a later one is not given", async () => {
  const secret = (await firstLink()) ?? "";
  expect((await host.anyone.post("/api/links/check", { secret })).body).toMatchObject({ kind: "first_administrator" });
  expect((await host.anyone.post("/api/links/check", { secret })).status).toBe(200);
  const made = await host.anyone.post("/api/links/accept", { secret, ...person });
  expect(made.status).toBe(201);
  expect(made.body).toMatchObject({ cities: "all", user: { email: person.email } });
  expect(made.headers.get("set-cookie")).toMatch(/^gt_refresh=.*HttpOnly; SameSite=Strict/);
  const again = await host.anyone.post("/api/links/accept", { secret, ...person, email: "outra@example.org" });
  expect(again).toMatchObject({ status: 404, body: { reason: "link.not_valid" } });
  expect(await firstLink()).toBeNull();
  expect(await host.audit()).toContainEqual(expect.objectContaining({ action: "accept-link", result: "done" }));
});

test("a password that is short or easy to guess is refused and the link stays good", async () => {
  const secret = await withTenant(host.database.system, "all", "write", async (sql) => {
    const [user] = await sql<{ id: string }[]>`select id from users limit 1`;
    return createLink(sql, { id: uuidv7(), kind: "password_reset", user_id: user?.id ?? null }, new Date());
  });
  const attempt = (password: string) => host.anyone.post("/api/links/accept", { secret, ...person, password });
  expect((await attempt("curta")).status).toBe(400);
  expect(await attempt("pessoa@example.org")).toMatchObject({ status: 422, body: { reason: "password.guessable" } });
  expect((await attempt("outra senha bem longa")).status).toBe(201);
});

test("a link for one person cannot take another's account", async () => {
  const secret = await withTenant(host.database.system, "all", "write", async (sql) => {
    const id = uuidv7();
    await sql`insert into users (id, email, nome, password_hash) values (${id}, 'terceira@example.org', 'Terceira', 'none')`;
    return createLink(sql, { id: uuidv7(), kind: "password_reset", user_id: id }, new Date());
  });
  const answer = await host.anyone.post("/api/links/accept", { secret, ...person, password: "uma frase nova e longa" });
  expect(answer).toMatchObject({ status: 422, body: { reason: "link.other_email" } });
});

test("a new password ends the sessions that the old one opened", async () => {
  const session = await host.as(["live.view"]);
  const email = `${session.id}@example.org`;
  const password = "mais uma frase bem longa";
  await host.database
    .owner`update users set password_hash = ${await hashPassword("a frase que vazou antes")} where id = ${session.id}`;
  const open = await host.anyone.post("/api/sessions", { email, password: "a frase que vazou antes" });
  const secret = await withTenant(host.database.system, "all", "write", (sql) =>
    createLink(sql, { id: uuidv7(), kind: "password_reset", user_id: session.id }, new Date()),
  );
  const renewed = await host.anyone.post("/api/links/accept", { secret, ...person, email, password });
  expect(renewed.status).toBe(201);
  const refresh = (answer: typeof open) =>
    host.anyone.post("/api/sessions/refresh", {}, { cookie: answer.headers.get("set-cookie")?.split(";")[0] ?? "" });
  expect(await refresh(open)).toMatchObject({ status: 401, body: { reason: "session.ended" } });
  expect((await refresh(renewed)).status).toBe(200);
});

test("a link that belongs to nobody opens nobody's account", async () => {
  const { id } = await host.as(["live.view"]);
  const secret = await withTenant(host.database.system, "all", "write", (sql) =>
    createLink(sql, { id: uuidv7(), kind: "invitation", user_id: null }, new Date()),
  );
  const body = { secret, ...person, email: `${id}@example.org` };
  expect(await host.anyone.post("/api/links/accept", body)).toMatchObject({
    status: 422,
    body: { reason: "link.other_email" },
  });
});

test("an old link is not valid any more", async () => {
  const past = new Date(Date.now() - 25 * 3_600_000);
  const secret = await withTenant(host.database.system, "all", "write", (sql) =>
    createLink(sql, { id: uuidv7(), kind: "invitation", user_id: null }, past),
  );
  expect((await host.anyone.post("/api/links/check", { secret })).status).toBe(404);
});
