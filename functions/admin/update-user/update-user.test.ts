import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { withTenant } from "#lib/db/transaction.ts";
import type { Permission } from "#lib/function/permissions.ts";
import { uuidv7 } from "#lib/ids.ts";
import { testHost, type TestClient, type TestHost } from "#test/harness/host.ts";
import { createLink } from "../links.ts";
import { redeemTicket, renewHolder } from "../tickets.ts";

let host: TestHost;
const time = { now: Date.now() };
const clock = (): Date => new Date(time.now);
beforeAll(async () => {
  host = await testHost({ admin: catalogue.admin, cidades: catalogue.cidades }, { grants: { clock } });
});
afterAll(() => host.close());

const any = { "if-match": "*" };
const change = (by: TestClient, id: string, what: object, headers: Record<string, string> = any) =>
  by.patch(`/api/users/${id}`, what, headers);
const role = async (...permissions: Permission[]): Promise<string> => {
  const id = uuidv7();
  await host.database
    .owner`insert into roles (id, name, permissions) values (${id}, ${id}, ${host.database.owner.json(permissions)})`;
  return id;
};
const rolesOf = async (user_id: string) =>
  host.database.owner<{ role_id: string; cidade_id: string | null }[]>`
    select role_id, cidade_id from user_roles where user_id = ${user_id} order by id`;

describe("a user who is disabled", () => {
  test("is refused within 30 s, on every way in, and their socket finds out", async () => {
    const manager = await host.as(["users.manage"]);
    const user = await host.as(["cameras.view"]);
    const ask = () => user.get("/api/cities");
    const ticket = async () => (await user.post("/api/sessions/socket-ticket", {})).body.ticket;
    const secret = await withTenant(host.database.system, "all", "write", (sql) =>
      createLink(sql, { id: uuidv7(), kind: "password_reset", user_id: user.id }, clock()),
    );
    expect((await ask()).status).toBe(200);
    const open = await ticket();
    const done = await change(manager, user.id, { is_active: false });
    expect(done).toMatchObject({ status: 200, body: { id: user.id, is_active: false, version: 2 } });
    expect(await renewHolder(host.database.system, user.session_id, clock())).toBeNull();
    expect(await redeemTicket(host.database.system, open, clock())).toBeNull();
    time.now += 31_000;
    expect(await ask()).toMatchObject({ status: 401, body: { reason: "session.ended" } });
    expect((await host.anyone.post("/api/links/check", { secret })).status).toBe(404);
    expect(await host.audit()).toContainEqual(
      expect.objectContaining({
        action: "update-user",
        actor_id: manager.id,
        object_id: user.id,
        result: "done",
        details: { is_active: false },
      }),
    );
  });

  test("signs in no more, nor by a link that was made afterwards, until they are let in again", async () => {
    const manager = await host.as(["users.manage"]);
    const password = "correto cavalo bateria";
    const body = { nome: "Pessoa Nova", email: `${uuidv7()}@example.org`, password };
    const made = await manager.post("/api/users", {
      ...body,
      roles: [{ role_id: await role("cameras.view"), cidade_id: null }],
    });
    const signIn = async () => (await host.anyone.post("/api/sessions", { email: body.email, password })).status;
    expect(await signIn()).toBe(201);
    await change(manager, made.body.id, { is_active: false });
    expect(await signIn()).toBe(401);
    const secret = await withTenant(host.database.system, "all", "write", (sql) =>
      createLink(sql, { id: uuidv7(), kind: "password_reset", user_id: made.body.id }, clock()),
    );
    expect((await host.anyone.post("/api/links/accept", { secret, ...body })).status).toBe(404);
    expect((await change(manager, made.body.id, { is_active: true })).status).toBe(200);
    expect(await signIn()).toBe(201);
  });
});

test("other roles hold within 30 s, and the token that was given for the old ones is worth nothing", async () => {
  const city = await host.city();
  const manager = await host.as(["users.manage"]);
  const user = await host.as(["users.manage"], [city.id]);
  expect((await user.get("/api/users")).status).toBe(200);
  const role_id = await role("cameras.view");
  const { status, body } = await change(manager, user.id, { roles: [{ role_id, cidade_id: city.id }] });
  expect(status).toBe(200);
  expect(body.roles).toEqual([{ role_id, role_name: role_id, cidade_id: city.id }]);
  time.now += 31_000;
  expect((await user.get("/api/users")).status).toBe(401);
  expect(await renewHolder(host.database.system, user.session_id, clock())).toMatchObject({
    grants: [{ cidade_id: city.id, permissions: ["cameras.view"] }],
  });
});

test("a name is changed, and nobody is signed out for it", async () => {
  const manager = await host.as(["users.manage"]);
  const user = await host.as(["cameras.view"]);
  expect((await change(manager, user.id, { nome: "Outro Nome" })).body).toMatchObject({ nome: "Outro Nome" });
  time.now += 31_000;
  expect((await user.get("/api/cities")).status).toBe(200);
});

test("of two changes based on one version the second is refused, also at the same moment", async () => {
  const manager = await host.as(["users.manage"]);
  const user = await host.as(["cameras.view"]);
  const listed = (await manager.get("/api/users?limit=200")).body.items.find(
    ({ id }: { id: string }) => id === user.id,
  );
  expect(listed.version).toBe(1);
  const answers = await Promise.all(
    ["Um Nome", "Dois Nomes"].map((nome) => change(manager, user.id, { nome }, { "if-match": '"1"' })),
  );
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 412]);
  expect(answers.find(({ status }) => status === 200)?.headers.get("etag")).toBe('"2"');
  expect(await change(manager, user.id, { nome: "Tres Nomes" }, {})).toMatchObject({
    status: 400,
    body: { reason: "if_match.missing" },
  });
});

describe("who manages one city", () => {
  test("changes the roles there, and those elsewhere stay", async () => {
    const [own, other] = [await host.city(), await host.city()];
    const manager = await host.as(["users.manage"], [own.id]);
    const user = await host.as(["cameras.view"], [own.id, other.id]);
    const role_id = await role("live.view");
    const { body } = await change(manager, user.id, { roles: [{ role_id, cidade_id: own.id }] });
    expect(body.roles).toEqual([{ role_id, role_name: role_id, cidade_id: own.id }]);
    const held = await rolesOf(user.id);
    expect(held).toHaveLength(2);
    expect(held).toContainEqual({ role_id, cidade_id: own.id });
    expect(held.map(({ cidade_id }) => cidade_id)).toContain(other.id);
  });

  test("neither disables nor renames who holds a role elsewhere or everywhere, but does so with who is theirs alone", async () => {
    const [own, other] = [await host.city(), await host.city()];
    const manager = await host.as(["users.manage"], [own.id]);
    const [shared, everywhere, theirs] = [
      await host.as(["cameras.view"], [own.id, other.id]),
      await host.as(["cameras.view"], [own.id]),
      await host.as(["cameras.view"], [own.id]),
    ];
    await host.database.owner`
      insert into user_roles (id, user_id, role_id) values (${uuidv7()}, ${everywhere.id}, ${await role("users.manage")})`;
    for (const { id } of [shared, everywhere]) {
      for (const what of [{ is_active: false }, { nome: "Outro Nome" }]) {
        expect(await change(manager, id, what)).toMatchObject({ status: 403, body: { reason: "user.other_cities" } });
      }
    }
    expect((await change(manager, theirs.id, { is_active: false })).status).toBe(200);
  });

  test("does not know the users of another, gives no role there nor one in every city", async () => {
    const [own, other] = [await host.city(), await host.city()];
    const manager = await host.as(["users.manage"], [own.id]);
    const [ours, theirs] = [await host.as(["cameras.view"], [own.id]), await host.as(["cameras.view"], [other.id])];
    expect(await change(manager, theirs.id, { is_active: false })).toMatchObject({
      status: 404,
      body: { reason: "user.unknown" },
    });
    const before = await rolesOf(ours.id);
    const role_id = await role("cameras.view");
    expect((await change(manager, ours.id, { roles: [{ role_id, cidade_id: other.id }] })).status).toBe(404);
    expect((await change(manager, ours.id, { roles: [{ role_id, cidade_id: null }] })).status).toBe(403);
    expect(await rolesOf(ours.id)).toEqual(before);
  });
});

test("nobody disables themselves or changes their own roles, so that one is always left who manages users", async () => {
  const manager = await host.as(["users.manage"]);
  const roles = [{ role_id: await role("cameras.view"), cidade_id: null }];
  for (const what of [{ is_active: false }, { roles }]) {
    expect(await change(manager, manager.id, what)).toMatchObject({ status: 422, body: { reason: "user.yourself" } });
  }
  expect((await change(manager, manager.id, { nome: "Outro Nome" })).status).toBe(200);
});

test("an unknown role, no role at all, an unknown user and a caller without the permission are refused, and nothing is changed", async () => {
  const manager = await host.as(["users.manage"]);
  const user = await host.as(["cameras.view"]);
  const before = await rolesOf(user.id);
  expect(await change(manager, user.id, { roles: [{ role_id: uuidv7(), cidade_id: null }] })).toMatchObject({
    status: 422,
    body: { reason: "role.unknown" },
  });
  expect((await change(manager, user.id, { roles: [] })).status).toBe(400);
  expect((await change(manager, user.id, { password_hash: "none" })).status).toBe(400);
  expect((await change(manager, uuidv7(), { is_active: false })).status).toBe(404);
  expect((await change(user, manager.id, { is_active: false })).status).toBe(403);
  expect(await rolesOf(user.id)).toEqual(before);
});
