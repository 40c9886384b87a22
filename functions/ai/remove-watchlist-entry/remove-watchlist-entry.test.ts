import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { plateCity } from "#test/harness/plates.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

test("a plate that is no longer watched raises no alert; the earlier one stays", async () => {
  const { cidade_id, operator, read, watch } = await plateCity(host);
  const entry = await watch("ABC1D23");
  await read("ABC1D23", { event_id: "before" });
  expect((await operator.delete(`/api/watchlist-entries/${entry.id}`)).status).toBe(204);
  await read("ABC1D23", { event_id: "after" });
  const { body } = await operator.get(`/api/alerts?cidade_id=${cidade_id}`);
  expect(body.items).toHaveLength(1);
  expect((await operator.delete(`/api/watchlist-entries/${entry.id}`)).status).toBe(204);
});

test("another city's entry cannot be removed, nor without the permission", async () => {
  const [own, other] = [await plateCity(host), await plateCity(host)];
  const entry = await own.watch("ABC1D23");
  expect((await other.operator.delete(`/api/watchlist-entries/${entry.id}`)).status).toBe(404);
  const viewer = await host.as(["plates.view"], [own.cidade_id]);
  expect((await viewer.delete(`/api/watchlist-entries/${entry.id}`)).status).toBe(403);
});
