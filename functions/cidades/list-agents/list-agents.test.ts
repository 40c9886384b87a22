import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const names = (body: { items: { nome: string }[] }): string[] => body.items.map(({ nome }) => nome);

test("a city's agents come by name, page after page, each once, without keys and codes", async () => {
  const [city, other] = [await host.city(), await host.city()];
  const manager = await host.as(["agents.manage", "cameras.view"], [city.id]);
  for (const nome of ["Sul", "Centro", "Centro"]) await manager.post("/api/agents", { cidade_id: city.id, nome });
  await host.asAgent(city.id);
  await host.asAgent(other.id);
  const all = await manager.get(`/api/agents?cidade_id=${city.id}`);
  expect(all.status).toBe(200);
  expect(names(all.body)).toEqual(["Agente de Teste", "Centro", "Centro", "Sul"]);
  expect(JSON.stringify(all.body)).not.toMatch(/key|code/);
  const seen: string[] = [];
  let next: string | null = null;
  do {
    const cursor: string = next === null ? "" : `&cursor=${next}`;
    const { body } = await manager.get(`/api/agents?cidade_id=${city.id}&limit=1${cursor}`);
    seen.push(...body.items.map(({ id }: { id: string }) => id));
    next = body.next_cursor;
  } while (next !== null);
  expect(seen).toEqual(all.body.items.map(({ id }: { id: string }) => id));
});

test("a cursor continues its own city's list and no other", async () => {
  const [city, other] = [await host.city(), await host.city()];
  const viewer = await host.as(["cameras.view"], [city.id, other.id]);
  for (const _agent of [1, 2]) await host.asAgent(city.id);
  const { body } = await viewer.get(`/api/agents?cidade_id=${city.id}&limit=1`);
  const foreign = await viewer.get(`/api/agents?cidade_id=${other.id}&cursor=${body.next_cursor}`);
  expect(foreign).toMatchObject({ status: 400, body: { reason: "cursor.foreign" } });
});

test("another city does not exist for the caller, and without the permission nothing is listed", async () => {
  const [own, other] = [await host.city(), await host.city()];
  const viewer = await host.as(["cameras.view"], [own.id]);
  expect((await viewer.get(`/api/agents?cidade_id=${other.id}`)).status).toBe(404);
  const lesser = await host.as(["plates.view"], [own.id]);
  expect((await lesser.get(`/api/agents?cidade_id=${own.id}`)).status).toBe(403);
});
