import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const password = "s3nh@:se/cre#ta%";
const url_rtsp = `rtsp://operador:${encodeURIComponent(password)}@10.1.2.3:8554/principal?canal=1`;

test("a camera's address is kept sealed: neither answered, nor in events, nor readable in the row", async () => {
  const city = await host.city();
  const agent = await host.asAgent(city.id);
  const manager = await host.as(["cameras.manage", "cameras.view"], [city.id]);
  const made = await manager.post("/api/cameras", { cidade_id: city.id, nome: "Portaria", url_rtsp });
  expect(made).toMatchObject({
    status: 201,
    body: { endereco_rtsp: "10.1.2.3:8554", has_credentials: true, agent_id: agent.id },
  });
  const rows = await host.database.owner`select * from cameras where id = ${made.body.id}`;
  const everything = JSON.stringify([
    made.body,
    rows,
    await host.events(),
    await host.audit(),
    (await manager.get(`/api/cameras/${made.body.id}`)).body,
  ]);
  for (const secret of [password, encodeURIComponent(password), "operador"]) expect(everything).not.toContain(secret);
  const desired = await agent.get("/api/agents/desired-state");
  expect(desired.body.cameras).toMatchObject([{ id: made.body.id, url_rtsp, recording_id: null }]);
});

test.each([
  ["http://10.0.0.1/video", "camera.url_scheme"],
  ["file:///etc/passwd", "camera.url_scheme"],
  ["exec:ls", "camera.url_scheme"],
  ["concat:a|b", "camera.url_scheme"],
  ["rtsp://", "camera.url_form"],
  ["rtsp://host\r\nX: y/", "camera.url_form"],
  ["rtsp://10.0.0.1/a b", "camera.url_form"],
])("the address %s is refused", async (address, reason) => {
  const city = await host.city();
  await host.asAgent(city.id);
  const manager = await host.as(["cameras.manage"], [city.id]);
  const answer = await manager.post("/api/cameras", { cidade_id: city.id, nome: "C", url_rtsp: address });
  expect(answer).toMatchObject({ status: 422, body: { reason } });
});

test("another city does not exist for the caller, and a role in one city says nothing about another", async () => {
  const [own, other] = [await host.city(), await host.city()];
  await host.asAgent(other.id);
  const manager = await host.as(["cameras.manage"], [own.id]);
  expect((await manager.post("/api/cameras", { cidade_id: other.id, nome: "C", url_rtsp })).status).toBe(404);
  const viewer = await host.as(["cameras.view"], [own.id]);
  expect((await viewer.post("/api/cameras", { cidade_id: own.id, nome: "C" })).status).toBe(403);
});

test("a city with several agents wants to know which", async () => {
  const city = await host.city();
  const [first] = [await host.asAgent(city.id), await host.asAgent(city.id)];
  const manager = await host.as(["cameras.manage"], [city.id]);
  const unclear = await manager.post("/api/cameras", { cidade_id: city.id, nome: "C", url_rtsp });
  expect(unclear).toMatchObject({ status: 422, body: { reason: "camera.agent_needed" } });
  expect(
    (await manager.post("/api/cameras", { cidade_id: city.id, nome: "C", url_rtsp, agent_id: first.id })).status,
  ).toBe(201);
});
