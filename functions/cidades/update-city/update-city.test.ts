import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const managed = async () => {
  const city = await host.city();
  const manager = await host.as(["cities.manage"], [city.id]);
  const change = (changes: object, if_match = "*") =>
    manager.patch(`/api/cities/${city.id}`, changes, { "if-match": if_match });
  return { city, manager, change };
};
const told = async (cidade_id: string) => (await host.events()).filter(({ data }) => data["cidade_id"] === cidade_id);

test("a new plan is kept, told with the old one, and in the trail", async () => {
  const { city, manager, change } = await managed();
  const changed = await change({ plano_retencao_dias: 30 }, '"1"');
  expect(changed).toMatchObject({ status: 200, body: { nome: city.nome, plano_retencao_dias: 30, version: 2 } });
  expect(await told(city.id)).toMatchObject([
    { type: "city.storage_plan_changed", data: { cidade_id: city.id, old_days: 7, new_days: 30 } },
  ]);
  expect(await host.audit()).toContainEqual(
    expect.objectContaining({ action: "update-city", actor_id: manager.id, object_id: city.id, result: "done" }),
  );
});

test("what is no new plan is told to nobody", async () => {
  const { city, change } = await managed();
  expect(
    (await change({ nome: `Nova ${city.id}`, fuso_horario: "America/Manaus", plano_retencao_dias: 7 })).status,
  ).toBe(200);
  expect(await told(city.id)).toEqual([]);
});

test("of two changes based on one version the second is refused, also at the same moment", async () => {
  const { change } = await managed();
  const answers = await Promise.all([
    change({ plano_retencao_dias: 15 }, '"1"'),
    change({ plano_retencao_dias: 30 }, '"1"'),
  ]);
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 412]);
});

test("a taken name, an unknown time zone, a plan that is not offered and a change based on nothing are refused", async () => {
  const [{ city, manager, change }, other] = [await managed(), await managed()];
  expect(await change({ nome: other.city.nome })).toMatchObject({ status: 409, body: { reason: "city.name_taken" } });
  expect(await change({ fuso_horario: "Mars/Olympus" })).toMatchObject({
    status: 422,
    body: { reason: "city.time_zone" },
  });
  expect((await change({ plano_retencao_dias: 8 })).status).toBe(400);
  expect(await manager.patch(`/api/cities/${city.id}`, {})).toMatchObject({
    status: 400,
    body: { reason: "if_match.missing" },
  });
  expect((await manager.get(`/api/cities/${city.id}`)).body).toMatchObject({ nome: city.nome, version: 1 });
});

test("another city and a lesser role are refused", async () => {
  const [own, other] = [await managed(), await managed()];
  const any = { "if-match": "*" };
  const foreign = await own.manager.patch(`/api/cities/${other.city.id}`, { is_active: false }, any);
  expect(foreign).toMatchObject({ status: 404, body: { reason: "city.unknown" } });
  const lesser = await host.as(["cameras.manage"], [own.city.id]);
  expect((await lesser.patch(`/api/cities/${own.city.id}`, { is_active: false }, any)).status).toBe(403);
});
