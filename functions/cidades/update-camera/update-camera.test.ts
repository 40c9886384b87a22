import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const site = async () => {
  const city = await host.city();
  const agent = await host.asAgent(city.id);
  const manager = await host.as(["cameras.manage", "cameras.view"], [city.id]);
  const body = { cidade_id: city.id, nome: "Portaria", url_rtsp: "rtsp://10.0.0.5/a", agent_id: agent.id };
  const { id } = (await manager.post("/api/cameras", body)).body;
  const change = (changes: object, if_match = "*") =>
    manager.patch(`/api/cameras/${id}`, changes, { "if-match": if_match });
  return { city, agent, manager, id: id as string, change };
};
const told = async (id: string) =>
  (await host.events()).filter(({ type, subject }) => subject === id && type !== "camera.created");

test("a change raises the version, is told and leaves the rest as it was", async () => {
  const { city, agent, id, change } = await site();
  const changed = await change({ nome: "Portão", localizacao: "Rua das Flores" }, '"1"');
  expect(changed).toMatchObject({
    status: 200,
    body: {
      nome: "Portão",
      localizacao: "Rua das Flores",
      endereco_rtsp: "10.0.0.5:554",
      agent_id: agent.id,
      version: 2,
    },
  });
  expect(changed.headers.get("etag")).toBe('"2"');
  expect(await told(id)).toMatchObject([
    { type: "camera.updated", data: { camera_id: id, cidade_id: city.id, agent_id: agent.id } },
  ]);
});

test("of two changes based on one version the second is refused, also at the same moment", async () => {
  const { change } = await site();
  const answers = await Promise.all([change({ nome: "Um" }, '"1"'), change({ nome: "Dois" }, '"1"')]);
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 412]);
  expect(await change({ nome: "Três" }, '"1"')).toMatchObject({ status: 412, body: { reason: "version.changed" } });
});

test("a change that does not say what it is based on is refused", async () => {
  const { manager, id } = await site();
  expect(await manager.patch(`/api/cameras/${id}`, { nome: "Outra" })).toMatchObject({
    status: 400,
    body: { reason: "if_match.missing" },
  });
});

test("a new address reaches the agent and nobody else: not the answer, the row, the events or the trail", async () => {
  const { agent, id, change } = await site();
  const url_rtsp = "rtsps://operador:s3gred0@10.0.0.6/b";
  const changed = await change({ url_rtsp });
  expect(changed.body).toMatchObject({ endereco_rtsp: "10.0.0.6:322", has_credentials: true });
  const rows = await host.database.owner`select * from cameras where id = ${id}`;
  const everything = [changed.body, rows, await host.events(), await host.audit()];
  expect(JSON.stringify(everything)).not.toMatch(/s3gred0|operador/);
  expect((await agent.get("/api/agents/desired-state")).body.cameras).toMatchObject([{ id, url_rtsp }]);
});

test("a camera that changes agents is told to both", async () => {
  const { city, agent, id, change } = await site();
  const second = await host.asAgent(city.id);
  expect((await change({ agent_id: second.id })).body.agent_id).toBe(second.id);
  const agents = (await told(id)).map(({ data }) => data["agent_id"]);
  expect(agents).toHaveLength(2);
  expect(new Set(agents)).toEqual(new Set([agent.id, second.id]));
});

test("out of service is told as an end, and back in service as a change", async () => {
  const { id, change } = await site();
  expect((await change({ is_active: false })).body.is_active).toBe(false);
  expect((await change({ is_active: true })).body.is_active).toBe(true);
  expect((await told(id)).map(({ type }) => type)).toEqual(["camera.deleted", "camera.updated"]);
});

test("a bad address, another city's agent, another city's camera and a lesser role change nothing", async () => {
  const [own, other] = [await site(), await site()];
  expect(await own.change({ url_rtsp: "http://10.0.0.1/" })).toMatchObject({
    status: 422,
    body: { reason: "camera.url_scheme" },
  });
  expect(await own.change({ agent_id: other.agent.id })).toMatchObject({
    status: 422,
    body: { reason: "agent.unknown" },
  });
  const any = { "if-match": "*" };
  expect(await own.manager.patch(`/api/cameras/${other.id}`, { nome: "Minha" }, any)).toMatchObject({
    status: 404,
    body: { reason: "camera.unknown" },
  });
  const viewer = await host.as(["cameras.view"], [own.city.id]);
  expect((await viewer.patch(`/api/cameras/${own.id}`, { nome: "Minha" }, any)).status).toBe(403);
  for (const id of [own.id, other.id]) expect(await told(id)).toEqual([]);
});
