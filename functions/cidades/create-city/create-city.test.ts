import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const city = (changes: object = {}) => ({ nome: "Vila Nova", estado: "SP", plano_retencao_dias: 15, ...changes });

test("a city has its plan and Brasília's time unless another is named", async () => {
  const manager = await host.as(["cities.manage"]);
  const made = await manager.post("/api/cities", city({ nome: " Porto Alto " }));
  const shown = {
    nome: "Porto Alto",
    estado: "SP",
    plano_retencao_dias: 15,
    fuso_horario: "America/Sao_Paulo",
    is_active: true,
  };
  expect(made).toMatchObject({ status: 201, body: shown });
  expect(made.headers.get("etag")).toBe('"1"');
  expect((await manager.get(`/api/cities/${made.body.id}`)).body).toEqual(made.body);
  expect(await host.audit()).toContainEqual(
    expect.objectContaining({
      action: "create-city",
      object_id: made.body.id,
      cidade_id: made.body.id,
      result: "done",
    }),
  );
});

test("a name is there once in a state, and may be there in another", async () => {
  const manager = await host.as(["cities.manage"]);
  expect((await manager.post("/api/cities", city())).status).toBe(201);
  expect(await manager.post("/api/cities", city())).toMatchObject({ status: 409, body: { reason: "city.name_taken" } });
  expect((await manager.post("/api/cities", city({ estado: "MG" }))).status).toBe(201);
});

test.each([
  ["a plan that is not offered", { plano_retencao_dias: 10 }, 400],
  ["a state in small letters", { estado: "sp" }, 400],
  ["a name too short", { nome: " V " }, 400],
  ["a time zone that there is not", { fuso_horario: "America/Atlantis" }, 422],
])("%s is refused", async (_what, changes, status) => {
  const manager = await host.as(["cities.manage"]);
  expect((await manager.post("/api/cities", city({ nome: "Recusada", ...changes }))).status).toBe(status);
});

test("who manages one city makes no other", async () => {
  const own = await host.city();
  const manager = await host.as(["cities.manage"], [own.id]);
  expect(await manager.post("/api/cities", city({ nome: "Segunda" }))).toMatchObject({
    status: 403,
    body: { reason: "access.all_cities" },
  });
  expect((await (await host.as(["cameras.manage"])).post("/api/cities", city({ nome: "Segunda" }))).status).toBe(403);
});
