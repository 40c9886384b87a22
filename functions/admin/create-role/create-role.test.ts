import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost({ admin: catalogue.admin });
});
afterAll(() => host.close());

test("a role is a name with permissions, each once, and is in the audit trail", async () => {
  const manager = await host.as(["roles.manage"]);
  const made = await manager.post("/api/roles", {
    name: " Plantão ",
    permissions: ["live.view", "cameras.view", "live.view"],
  });
  expect(made).toMatchObject({ status: 201, body: { name: "Plantão", permissions: ["live.view", "cameras.view"] } });
  expect(await host.audit()).toContainEqual(
    expect.objectContaining({ action: "create-role", actor_id: manager.id, object_id: made.body.id, result: "done" }),
  );
});

test("a name is given once", async () => {
  const manager = await host.as(["roles.manage"]);
  const role = { name: "Central", permissions: ["live.view"] };
  expect((await manager.post("/api/roles", role)).status).toBe(201);
  expect(await manager.post("/api/roles", role)).toMatchObject({ status: 409, body: { reason: "role.name_taken" } });
});

test.each([
  ["an unknown permission", { name: "Outra", permissions: ["everything"] }],
  ["no permission", { name: "Outra", permissions: [] }],
  ["a name too short", { name: " O ", permissions: ["live.view"] }],
  ["an unknown field", { name: "Outra", permissions: ["live.view"], id: "00000000-0000-7000-8000-000000000000" }],
])("%s is refused", async (_what, body) => {
  const manager = await host.as(["roles.manage"]);
  expect((await manager.post("/api/roles", body)).status).toBe(400);
});

test("roles hold in every city: who manages them in one city only, or users only, is refused", async () => {
  const body = { name: "Alheia", permissions: ["live.view"] };
  const city = await host.city();
  const local = await host.as(["roles.manage"], [city.id]);
  expect(await local.post("/api/roles", body)).toMatchObject({ status: 403, body: { reason: "access.all_cities" } });
  const other = await host.as(["users.manage"]);
  expect(await other.post("/api/roles", body)).toMatchObject({ status: 403, body: { reason: "access.permission" } });
  expect((await host.anyone.post("/api/roles", body)).status).toBe(401);
});
