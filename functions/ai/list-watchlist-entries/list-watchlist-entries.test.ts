import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { plateCity } from "#test/harness/plates.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

test("entries come newest first, of one list or of all, without those removed", async () => {
  const { cidade_id, operator, watch } = await plateCity(host);
  const [first, second, removed] = [await watch("AAA1A11"), await watch("BBB2B22"), await watch("CCC3C33")];
  await operator.delete(`/api/watchlist-entries/${removed.id}`);
  const all = await operator.get(`/api/watchlist-entries?cidade_id=${cidade_id}`);
  expect(all.body.items.map(({ plate }: { plate: string }) => plate)).toEqual(["BBB2B22", "AAA1A11"]);
  const one = await operator.get(`/api/watchlist-entries?cidade_id=${cidade_id}&watchlist_id=${first.watchlist_id}`);
  expect(one.body.items).toMatchObject([{ id: first.id }]);
  expect(second.id).not.toBe(first.id);
});

test("another city's entries do not exist, and who may not manage them is told so", async () => {
  const [own, other] = [await plateCity(host), await plateCity(host)];
  expect((await own.operator.get(`/api/watchlist-entries?cidade_id=${other.cidade_id}`)).status).toBe(404);
  const viewer = await host.as(["plates.view"], [own.cidade_id]);
  expect((await viewer.get(`/api/watchlist-entries?cidade_id=${own.cidade_id}`)).status).toBe(403);
});
