import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const released = (cidade_id: string) =>
  host.database.owner`select captured_before, released_by from retention_releases where cidade_id = ${cidade_id}`;

test("what is older than the plan of the city is released, by name, and written into the audit trail", async () => {
  const city = await host.city();
  const manager = await host.as(["cities.manage"], [city.id]);
  const { status, body } = await manager.post("/api/retention/release", { cidade_id: city.id });
  expect(status).toBe(200);
  expect(Math.abs(Date.parse(body.captured_before) - (Date.now() - 7 * 86_400_000))).toBeLessThan(60_000);
  expect(await released(city.id)).toEqual([
    { captured_before: new Date(body.captured_before), released_by: manager.id },
  ]);
  const rows = (await host.audit()).filter(({ object_id }) => object_id === city.id);
  expect(rows).toMatchObject([
    { action: "release-retention", actor_id: manager.id, details: { captured_before: body.captured_before } },
  ]);
});

test("another city does not exist for the caller, and who may only look releases nothing", async () => {
  const [own, other] = [await host.city(), await host.city()];
  const manager = await host.as(["cities.manage"], [own.id]);
  expect((await manager.post("/api/retention/release", { cidade_id: other.id })).status).toBe(404);
  const viewer = await host.as(["recordings.view"], [own.id]);
  expect((await viewer.post("/api/retention/release", { cidade_id: own.id })).status).toBe(403);
  for (const { id } of [own, other]) expect(await released(id)).toEqual([]);
});
