import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { plateCity } from "#test/harness/plates.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

test("a list is made once per name and city", async () => {
  const { cidade_id, operator } = await plateCity(host);
  const list = { cidade_id, nome: "Furtos e roubos", priority: "critical" };
  expect(await operator.post("/api/watchlists", list)).toMatchObject({
    status: 201,
    body: { ...list, is_active: true, legal_basis: null },
  });
  expect(await operator.post("/api/watchlists", list)).toMatchObject({
    status: 409,
    body: { reason: "watchlist.name_taken" },
  });
});

test("another city's list cannot be made, nor one without the permission", async () => {
  const { cidade_id, operator } = await plateCity(host);
  const other = (await host.city()).id;
  expect((await operator.post("/api/watchlists", { cidade_id: other, nome: "Lista" })).status).toBe(404);
  const viewer = await host.as(["plates.view"], [cidade_id]);
  expect((await viewer.post("/api/watchlists", { cidade_id, nome: "Lista" })).status).toBe(403);
});
