import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { plateCity } from "#test/harness/plates.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

test("alerts come newest first and by their state", async () => {
  const { cidade_id, operator, read, watch } = await plateCity(host);
  await watch("AAA1A11");
  for (const event_id of ["one", "two"]) await read("AAA1A11", { event_id });
  const all = await operator.get(`/api/alerts?cidade_id=${cidade_id}`);
  expect(all.body.items).toHaveLength(2);
  await operator.post(`/api/alerts/${all.body.items[0].id}/acknowledge`);
  const waiting = await operator.get(`/api/alerts?cidade_id=${cidade_id}&status=new`);
  expect(waiting.body.items).toMatchObject([{ id: all.body.items[1].id, watchlist_nome: "Lista de AAA1A11" }]);
  const first = await operator.get(`/api/alerts?cidade_id=${cidade_id}&limit=1`);
  const rest = await operator.get(`/api/alerts?cidade_id=${cidade_id}&limit=1&cursor=${first.body.next_cursor}`);
  expect([first.body.items[0].id, rest.body.items[0].id]).toEqual(all.body.items.map(({ id }: { id: string }) => id));
});

test("another city's alerts do not exist, and who may not see alerts is told so", async () => {
  const [own, other] = [await plateCity(host), await plateCity(host)];
  expect((await own.operator.get(`/api/alerts?cidade_id=${other.cidade_id}`)).status).toBe(404);
  const viewer = await host.as(["plates.view"], [own.cidade_id]);
  expect((await viewer.get(`/api/alerts?cidade_id=${own.cidade_id}`)).status).toBe(403);
});
