import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { plateCity } from "#test/harness/plates.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

test("an alert is shown with its read, in its own city only", async () => {
  const { cidade_id, operator, read, watch } = await plateCity(host);
  await watch("ABC1D23");
  await read("ABC1D23");
  const { id } = (await operator.get(`/api/alerts?cidade_id=${cidade_id}`)).body.items[0];
  expect(await operator.get(`/api/alerts/${id}`)).toMatchObject({
    status: 200,
    body: { id, read: { plate: "ABC1D23" } },
  });
  const elsewhere = await host.as(["alerts.view"], [(await host.city()).id]);
  expect((await elsewhere.get(`/api/alerts/${id}`)).status).toBe(404);
  const viewer = await host.as(["plates.view"], [cidade_id]);
  expect((await viewer.get(`/api/alerts/${id}`)).status).toBe(403);
});
