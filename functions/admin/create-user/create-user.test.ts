import { afterAll, beforeAll, expect, test } from "vitest";
import { uuidv7 } from "#lib/ids.ts";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost({ admin: catalogue.admin });
});
afterAll(() => host.close());

const password = "correto cavalo bateria";
const person = (changes: object = {}) => ({
  nome: "Pessoa Nova",
  email: `${uuidv7()}@example.org`,
  password,
  ...changes,
});
const role = async (): Promise<string> => {
  const id = uuidv7();
  await host.database.owner`insert into roles (id, name, permissions) values (${id}, ${id}, '["cameras.view"]')`;
  return id;
};

test("a new user can sign in with what was given, and only the password's hash is kept", async () => {
  const city = await host.city();
  const role_id = await role();
  const manager = await host.as(["users.manage"], [city.id]);
  const body = person({ email: `Maiuscula.${uuidv7()}@Example.org`, roles: [{ role_id, cidade_id: city.id }] });
  const made = await manager.post("/api/users", body);
  expect(made).toMatchObject({
    status: 201,
    body: { email: body.email.toLowerCase(), is_active: true, roles: [{ role_id, cidade_id: city.id }], link: null },
  });
  const session = await host.anyone.post("/api/sessions", { email: body.email, password });
  expect(session).toMatchObject({ status: 201, body: { cities: [city.id], permissions: ["cameras.view"] } });
  const kept = await host.database.owner`select * from users where id = ${made.body.id}`;
  expect(JSON.stringify([kept, made.body, await host.audit()])).not.toContain(password);
  expect(await host.audit()).toContainEqual(
    expect.objectContaining({ action: "create-user", actor_id: manager.id, object_id: made.body.id, result: "done" }),
  );
});

test("a user without a password gets a link that works once; until then nobody signs in", async () => {
  const manager = await host.as(["users.manage"]);
  const { password: _, ...body } = person({ roles: [{ role_id: await role(), cidade_id: null }] });
  const made = await manager.post("/api/users", body);
  expect(made).toMatchObject({ status: 201, body: { email: body.email, link: { secret: expect.any(String) } } });
  for (const guess of ["none", password]) {
    expect((await host.anyone.post("/api/sessions", { email: body.email, password: guess })).status).toBe(401);
  }
  const { secret, expires_at } = made.body.link;
  const checked = await host.anyone.post("/api/links/check", { secret });
  expect(checked).toMatchObject({ status: 200, body: { kind: "invitation", expires_at } });
  const chosen = { secret, nome: body.nome, email: body.email, password };
  expect((await host.anyone.post("/api/links/accept", chosen)).status).toBe(201);
  expect((await host.anyone.post("/api/links/accept", chosen)).status).toBe(404);
  expect((await host.anyone.post("/api/sessions", { email: body.email, password })).status).toBe(201);
  expect(JSON.stringify(await host.audit())).not.toContain(secret);
});

test("an e-mail belongs to one user, however it is written", async () => {
  const manager = await host.as(["users.manage"]);
  const body = person({ roles: [{ role_id: await role(), cidade_id: null }] });
  expect((await manager.post("/api/users", body)).status).toBe(201);
  const again = await manager.post("/api/users", { ...body, email: body.email.toUpperCase() });
  expect(again).toMatchObject({ status: 409, body: { reason: "user.email_taken" } });
});

test("a weak password, an unknown role, an unknown city and no role at all are refused, and nobody is made", async () => {
  const manager = await host.as(["users.manage"]);
  const roles = [{ role_id: await role(), cidade_id: null }];
  const count = async () => (await host.database.owner`select count(*)::int as n from users`)[0]?.["n"] as number;
  const before = await count();
  const post = (changes: object) => manager.post("/api/users", person({ roles, ...changes }));
  expect((await post({ password: "curta" })).status).toBe(400);
  expect(await post({ password: "pessoa nova 123" })).toMatchObject({
    status: 422,
    body: { reason: "password.guessable" },
  });
  expect(await post({ roles: [{ role_id: uuidv7(), cidade_id: null }] })).toMatchObject({
    status: 422,
    body: { reason: "role.unknown" },
  });
  expect((await post({ roles: [{ ...roles[0], cidade_id: uuidv7() }] })).status).toBe(422);
  expect((await post({ roles: [] })).status).toBe(400);
  expect(await count()).toBe(before);
});

test("a role is given only where the giver manages users: not in another city, not in every city", async () => {
  const [own, other] = [await host.city(), await host.city()];
  const manager = await host.as(["users.manage"], [own.id]);
  const role_id = await role();
  const give = (cidade_id: string | null) =>
    manager.post(
      "/api/users",
      person({
        roles: [
          { role_id, cidade_id: own.id },
          { role_id, cidade_id },
        ],
      }),
    );
  expect(await give(other.id)).toMatchObject({ status: 404, body: { reason: "city.unknown" } });
  expect(await give(null)).toMatchObject({ status: 403, body: { reason: "role.all_cities" } });
  const viewer = await host.as(["cameras.view"], [own.id]);
  const body = person({ roles: [{ role_id, cidade_id: own.id }] });
  expect((await viewer.post("/api/users", body)).status).toBe(403);
});
