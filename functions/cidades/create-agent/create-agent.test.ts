import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const normal = /^([2345679ACDEFGHJKMNPQRSTUVWXYZ]{4}-){5}[2345679ACDEFGHJKMNPQRSTUVWXYZ]{4}$/;

test("a new agent comes with a code that is shown once: the row, the list and the trail do not hold it", async () => {
  const city = await host.city();
  const manager = await host.as(["agents.manage", "cameras.view"], [city.id]);
  const made = await manager.post("/api/agents", { cidade_id: city.id, nome: "Centro" });
  expect(made).toMatchObject({
    status: 201,
    body: { cidade_id: city.id, nome: "Centro", enrolled_at: null, enrolment_code: expect.stringMatching(normal) },
  });
  const kept = await host.database.owner`select * from agents where id = ${made.body.id}`;
  const list = (await manager.get(`/api/agents?cidade_id=${city.id}`)).body;
  expect(JSON.stringify([kept, list, await host.audit()])).not.toContain(made.body.enrolment_code);
  expect(await host.audit()).toContainEqual(
    expect.objectContaining({ action: "create-agent", object_id: made.body.id, cidade_id: city.id, result: "done" }),
  );
});

test("no two codes are alike", async () => {
  const city = await host.city();
  const manager = await host.as(["agents.manage"], [city.id]);
  const make = () => manager.post("/api/agents", { cidade_id: city.id, nome: "Centro" });
  const made = [await make(), await make(), await make()];
  expect(new Set(made.map(({ body }) => body.enrolment_code)).size).toBe(3);
});

test("another city, a city that is not there, a lesser role and a nameless agent are refused", async () => {
  const [own, other] = [await host.city(), await host.city()];
  const manager = await host.as(["agents.manage"], [own.id]);
  const unknown = { status: 404, body: { reason: "city.unknown" } };
  expect(await manager.post("/api/agents", { cidade_id: other.id, nome: "Centro" })).toMatchObject(unknown);
  const everywhere = await host.as(["agents.manage"]);
  expect(await everywhere.post("/api/agents", { cidade_id: manager.id, nome: "Centro" })).toMatchObject(unknown);
  const viewer = await host.as(["cameras.manage"], [own.id]);
  expect((await viewer.post("/api/agents", { cidade_id: own.id, nome: "Centro" })).status).toBe(403);
  expect((await manager.post("/api/agents", { cidade_id: own.id, nome: " " })).status).toBe(400);
});
