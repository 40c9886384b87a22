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
  const camera_id = await host.camera(city.id, { agent_id: agent.id });
  return { city, agent, camera_id, manager: await host.as(["recordings.manage"], [city.id]) };
};
const started = async (camera_id: string) =>
  (await host.events("recording.started")).filter(({ data }) => data["camera_id"] === camera_id);

test("a camera is recorded from now on by the plan of its city, told once and written into the audit trail", async () => {
  const { city, agent, camera_id, manager } = await site();
  const { status, body } = await manager.post("/api/recordings/start", { camera_id });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    cidade_id: city.id,
    camera_id,
    retention_days: 7,
    status: "RECORDING",
    stopped_at: null,
  });
  const data = { recording_id: body.id, camera_id, cidade_id: city.id, agent_id: agent.id };
  expect(await started(camera_id)).toMatchObject([{ partitionkey: camera_id, data }]);
  const rows = (await host.audit()).filter(({ object_id }) => object_id === body.id);
  expect(rows).toMatchObject([{ action: "start-recording", actor_id: manager.id, cidade_id: city.id, result: "done" }]);
});

test("the recording that runs is the answer to a second start, also to one at the same moment", async () => {
  const { camera_id, manager } = await site();
  const start = () => manager.post("/api/recordings/start", { camera_id });
  const answers = [...(await Promise.all([start(), start(), start()])), await start()];
  expect(new Set(answers.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);
  expect(await started(camera_id)).toHaveLength(1);
});

test("a new recording of the same camera is another one", async () => {
  const { camera_id, manager } = await site();
  const first = await manager.post("/api/recordings/start", { camera_id });
  await manager.post("/api/recordings/stop", { camera_id });
  const second = await manager.post("/api/recordings/start", { camera_id });
  expect(second.body.id).not.toBe(first.body.id);
  expect(second.body.stream_id).toBe(first.body.stream_id);
});

test("a camera that is out of service or has no agent has nothing to record", async () => {
  const { city, agent, manager } = await site();
  for (const values of [{ agent_id: agent.id, is_active: false }, {}]) {
    const camera_id = await host.camera(city.id, values);
    const answer = await manager.post("/api/recordings/start", { camera_id });
    expect(answer).toMatchObject({ status: 422, body: { reason: "recording.no_stream" } });
    expect(await started(camera_id)).toEqual([]);
  }
});

test("another city's camera does not exist, and who may only look may not start", async () => {
  const [own, other] = [await site(), await site()];
  expect((await own.manager.post("/api/recordings/start", { camera_id: other.camera_id })).status).toBe(404);
  const viewer = await host.as(["recordings.view"], [own.city.id]);
  expect((await viewer.post("/api/recordings/start", { camera_id: own.camera_id })).status).toBe(403);
  expect(await started(other.camera_id)).toEqual([]);
});
