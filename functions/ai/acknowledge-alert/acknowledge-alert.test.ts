import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { plateCity } from "#test/harness/plates.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

test("an alert is taken by one person; the second is told", async () => {
  const { cidade_id, operator, read, watch } = await plateCity(host);
  await watch("ABC1D23");
  await read("ABC1D23");
  const { id } = (await operator.get(`/api/alerts?cidade_id=${cidade_id}`)).body.items[0];
  expect(await operator.post(`/api/alerts/${id}/acknowledge`)).toMatchObject({
    status: 200,
    body: { status: "acknowledged", acknowledged_by: operator.id, version: 2 },
  });
  expect(await host.events("alert.acknowledged")).toMatchObject([{ data: { alert_id: id } }]);
  const second = await host.as(["alerts.handle"], [cidade_id]);
  expect(await second.post(`/api/alerts/${id}/acknowledge`)).toMatchObject({
    status: 409,
    body: { reason: "alert.acknowledged", params: { by: operator.id } },
  });
  expect(
    (await host.audit()).filter((row) => row.action === "acknowledge-alert" && row.result === "done"),
  ).toHaveLength(1);
});

test("another city's alert does not exist, and seeing is not handling", async () => {
  const { cidade_id, operator, read, watch } = await plateCity(host);
  await watch("ABC1D23");
  await read("ABC1D23");
  const { id } = (await operator.get(`/api/alerts?cidade_id=${cidade_id}`)).body.items[0];
  const elsewhere = await host.as(["alerts.handle"], [(await host.city()).id]);
  expect((await elsewhere.post(`/api/alerts/${id}/acknowledge`)).status).toBe(404);
  const viewer = await host.as(["alerts.view"], [cidade_id]);
  expect((await viewer.post(`/api/alerts/${id}/acknowledge`)).status).toBe(403);
});
