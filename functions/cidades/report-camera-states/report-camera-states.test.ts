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
  const camera = await host.camera(city.id, { agent_id: agent.id });
  return { city, agent, camera };
};
const state = (camera_id: string, changes: object = {}) => ({
  camera_id,
  status: "ONLINE",
  cause: null,
  since_ms: 1_700_000_000_000,
  recording: true,
  last_captured_at_ms: null,
  bytes_per_second: 0,
  ...changes,
});
type Agent = Awaited<ReturnType<typeof site>>["agent"];
const report = (agent: Agent, ...cameras: object[]) => agent.post("/api/agents/camera-states", { cameras });
const row = async (id: string) =>
  (await host.database.owner`select status, status_cause, status_since from cameras where id = ${id}`)[0];
const told = async (camera_id: string) =>
  (await host.events("stream.health_check")).filter(({ data }) => data["camera_id"] === camera_id);

test("a change is kept with its cause and moment and told once; the same again is neither", async () => {
  const { city, agent, camera } = await site();
  const offline = state(camera, { status: "OFFLINE", cause: "unreachable" });
  expect((await report(agent, offline)).status).toBe(204);
  await report(agent, { ...offline, since_ms: 1_700_000_005_000, bytes_per_second: 7 });
  const since = new Date(1_700_000_000_000);
  expect(await row(camera)).toEqual({ status: "OFFLINE", status_cause: "unreachable", status_since: since });
  const data = {
    camera_id: camera,
    cidade_id: city.id,
    status: "OFFLINE",
    cause: "unreachable",
    since_ms: since.getTime(),
  };
  expect(await told(camera)).toMatchObject([{ partitionkey: camera, data }]);
});

test("another cause alone is a change, and so is its end", async () => {
  const { agent, camera } = await site();
  await report(agent, state(camera, { status: "OFFLINE", cause: "unreachable" }));
  await report(agent, state(camera, { status: "OFFLINE", cause: "wrong_password" }));
  await report(agent, state(camera));
  expect((await told(camera)).map(({ data }) => data["cause"])).toEqual(["unreachable", "wrong_password", null]);
});

test("an agent speaks for its own cameras: not for its neighbour's in the city, not for another city's", async () => {
  const [own, other] = [await site(), await site()];
  const neighbour = await host.asAgent(own.city.id);
  const theirs = await host.camera(own.city.id, { agent_id: neighbour.id });
  const states = [theirs, other.camera, own.city.id, own.camera].map((id) => state(id));
  expect((await report(own.agent, ...states)).status).toBe(204);
  for (const camera of [theirs, other.camera]) {
    expect(await row(camera)).toMatchObject({ status: "INATIVA" });
    expect(await told(camera)).toEqual([]);
  }
  expect(await row(own.camera)).toMatchObject({ status: "ONLINE" });
});

test("a person cannot report, and a status outside the closed words is refused", async () => {
  const { agent, camera } = await site();
  const manager = await host.as(["cameras.manage"]);
  expect((await manager.post("/api/agents/camera-states", { cameras: [state(camera)] })).status).toBe(401);
  expect((await report(agent, state(camera, { status: "BOA" }))).status).toBe(400);
});
