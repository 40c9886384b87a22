import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { recordedCity } from "#test/harness/recordings.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const stopped = async (camera_id: string) =>
  (await host.events("recording.stopped")).filter(({ data }) => data["camera_id"] === camera_id);

test("a recording ends, is told once, and what was recorded stays", async () => {
  const { camera_id, recording_id, operator, plain, record, cidade_id, agent } = await recordedCity(host);
  await record(plain(new Date(Date.now() - 60_000)));
  const answer = await operator.post("/api/recordings/stop", { camera_id });
  expect(answer).toMatchObject({ status: 200, body: { id: recording_id, status: "STOPPED" } });
  expect(Date.parse(answer.body.stopped_at)).toBeGreaterThanOrEqual(Date.parse(answer.body.started_at));
  const data = { recording_id, camera_id, cidade_id, agent_id: agent.id };
  expect(await stopped(camera_id)).toMatchObject([{ partitionkey: camera_id, data }]);
  const segments = await host.database.owner`select 1 from recording_segments where recording_id = ${recording_id}`;
  expect(segments).toHaveLength(1);
  const rows = (await host.audit()).filter(({ object_id }) => object_id === recording_id);
  expect(rows.map(({ action }) => action)).toEqual(["start-recording", "stop-recording"]);
});

test("what the agent still holds of a recording that was stopped is taken", async () => {
  const { camera_id, operator, plain, record } = await recordedCity(host);
  await operator.post("/api/recordings/stop", { camera_id });
  await record(plain(new Date(Date.now() - 60_000)));
});

test("a camera that is not recorded cannot be stopped, and nothing is told", async () => {
  const { camera_id, operator } = await recordedCity(host);
  await operator.post("/api/recordings/stop", { camera_id });
  const again = await operator.post("/api/recordings/stop", { camera_id });
  expect(again).toMatchObject({ status: 409, body: { reason: "recording.not_running" } });
  expect(await stopped(camera_id)).toHaveLength(1);
});

test("another city's camera does not exist, and who may only look may not stop", async () => {
  const [own, other] = [await recordedCity(host), await recordedCity(host)];
  expect((await own.operator.post("/api/recordings/stop", { camera_id: other.camera_id })).status).toBe(404);
  const viewer = await host.as(["recordings.view"], [own.cidade_id]);
  expect((await viewer.post("/api/recordings/stop", { camera_id: own.camera_id })).status).toBe(403);
  for (const { camera_id } of [own, other]) expect(await stopped(camera_id)).toEqual([]);
});
