import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { plateCity } from "#test/harness/plates.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

test("lists come by name and only those of the city asked for", async () => {
  const [own, other] = [await plateCity(host), await plateCity(host)];
  for (const nome of ["Zona norte", "Ambulâncias"]) {
    await own.operator.post("/api/watchlists", { cidade_id: own.cidade_id, nome });
  }
  await other.operator.post("/api/watchlists", { cidade_id: other.cidade_id, nome: "De outra cidade" });
  const { body } = await own.operator.get(`/api/watchlists?cidade_id=${own.cidade_id}`);
  expect(body.items.map(({ nome }: { nome: string }) => nome)).toEqual(["Ambulâncias", "Zona norte"]);
  expect((await own.operator.get(`/api/watchlists?cidade_id=${other.cidade_id}`)).status).toBe(404);
  const viewer = await host.as(["plates.view"], [own.cidade_id]);
  expect((await viewer.get(`/api/watchlists?cidade_id=${own.cidade_id}`)).status).toBe(403);
});
