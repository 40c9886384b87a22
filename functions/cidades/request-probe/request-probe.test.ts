import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
const time = { now: Date.now() };
beforeAll(async () => {
  host = await testHost(catalogue, { grants: { clock: () => new Date(time.now) } });
});
afterAll(() => host.close());

const site = async () => {
  const city = await host.city();
  const agent = await host.asAgent(city.id);
  const manager = await host.as(["cameras.manage", "cameras.view"], [city.id]);
  const ask = async (
    about: object = { url_rtsp: "rtsp://user:secret@10.0.0.9/main", agent_id: agent.id },
  ): Promise<string> => (await manager.post("/api/probes", { cidade_id: city.id, ...about })).body.id;
  return { city, agent, manager, ask };
};

test("an address is sealed until the agent asks for it: not in the row, the event, the answer or the trail", async () => {
  const { city, agent, manager } = await site();
  const url_rtsp = "rtsp://operador:s3gred0@10.0.0.9:8554/main";
  const asked = await manager.post("/api/probes", { cidade_id: city.id, url_rtsp });
  expect(asked).toMatchObject({ status: 202, body: { status: "pending", agent_id: agent.id, camera_id: null } });
  const rows = await host.database.owner`select * from camera_probes where id = ${asked.body.id}`;
  const events = await host.events("camera.probe_requested");
  expect(events).toContainEqual(
    expect.objectContaining({ data: { probe_id: asked.body.id, cidade_id: city.id, agent_id: agent.id } }),
  );
  expect(JSON.stringify([asked.body, rows, events, await host.audit()])).not.toMatch(/s3gred0|operador/);
  expect((await agent.post("/api/agents/probes/take", {})).body.probe.url_rtsp).toBe(url_rtsp);
});

test("a camera's own address is looked at by its own agent, without anybody typing it again", async () => {
  const { city, manager } = await site();
  const second = await host.asAgent(city.id);
  const url_rtsp = "rtsp://operador:s3gred0@10.0.0.9/main";
  const body = { cidade_id: city.id, nome: "Portaria", url_rtsp, agent_id: second.id };
  const camera_id = (await manager.post("/api/cameras", body)).body.id;
  const asked = await manager.post("/api/probes", { cidade_id: city.id, camera_id });
  expect(asked).toMatchObject({ status: 202, body: { agent_id: second.id, camera_id } });
  expect((await second.post("/api/agents/probes/take", {})).body.probe).toEqual({ id: asked.body.id, url_rtsp });
});

test("an address or a camera, one of the two, and one that can be dialled", async () => {
  const { city, manager } = await site();
  const camera_id = await host.camera(city.id);
  const url_rtsp = "rtsp://10.0.0.9/main";
  const refused = async (about: object) => {
    const { status, body } = await manager.post("/api/probes", { cidade_id: city.id, ...about });
    return [status, body.reason];
  };
  expect(await refused({})).toEqual([422, "probe.one_of"]);
  expect(await refused({ url_rtsp, camera_id })).toEqual([422, "probe.one_of"]);
  expect(await refused({ url_rtsp: "file:///etc/passwd" })).toEqual([422, "camera.url_scheme"]);
  expect(await refused({ url_rtsp: "rtsp://" })).toEqual([422, "camera.url_form"]);
  expect(await refused({ camera_id })).toEqual([422, "camera.no_address"]);
  expect(await refused({ url_rtsp, agent_id: city.id })).toEqual([422, "agent.unknown"]);
  await host.asAgent(city.id);
  expect(await refused({ url_rtsp })).toEqual([422, "camera.agent_needed"]);
  const empty = await host.city();
  const other = await host.as(["cameras.manage"], [empty.id]);
  expect(await other.post("/api/probes", { cidade_id: empty.id, url_rtsp })).toMatchObject({
    status: 422,
    body: { reason: "camera.no_agent" },
  });
});

test("another city, another city's camera or agent and a lesser role are refused", async () => {
  const [own, other] = [await site(), await site()];
  const url_rtsp = "rtsp://10.0.0.9/main";
  const foreign = await host.camera(other.city.id);
  expect((await own.manager.post("/api/probes", { cidade_id: other.city.id, url_rtsp })).status).toBe(404);
  expect((await own.manager.post("/api/probes", { cidade_id: own.city.id, camera_id: foreign })).status).toBe(404);
  const misled = { cidade_id: own.city.id, url_rtsp, agent_id: other.agent.id };
  expect(await own.manager.post("/api/probes", misled)).toMatchObject({
    status: 422,
    body: { reason: "agent.unknown" },
  });
  const viewer = await host.as(["cameras.view"], [own.city.id]);
  expect((await viewer.post("/api/probes", { cidade_id: own.city.id, url_rtsp })).status).toBe(403);
});

test("one caller asks for 30 a minute at most", async () => {
  const { city, manager } = await site();
  const post = () => manager.post("/api/probes", { cidade_id: city.id });
  const answers = await Promise.all(Array.from({ length: 31 }, post));
  expect(answers.map(({ status }) => status)).toContain(429);
});
