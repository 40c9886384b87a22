import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
const time = { now: Date.now() };
beforeAll(async () => {
  host = await testHost(catalogue, { grants: { clock: () => new Date(time.now) } });
});
afterAll(() => host.close());

const url_rtsp = "rtsp://operador:s3nha@10.0.0.5/principal";
const site = async () => {
  const city = await host.city();
  const agent = await host.asAgent(city.id);
  const manager = await host.as(["cameras.manage"], [city.id]);
  const add = async (changes: object = {}): Promise<string> => {
    const body = { cidade_id: city.id, nome: "Portaria", url_rtsp, agent_id: agent.id, ...changes };
    return (await manager.post("/api/cameras", body)).body.id;
  };
  return { city, agent, manager, add, state: async () => (await agent.get("/api/agents/desired-state")).body };
};

test("an agent is told its cameras with their addresses and what is to be recorded", async () => {
  const { city, add, state } = await site();
  const [recorded, watched] = [await add(), await add({ record: false, upload_policy: "events" })];
  await host.drain();
  const camera = { cidade_id: city.id, nome: "Portaria", url_rtsp };
  expect((await state()).cameras).toMatchObject([
    { ...camera, id: recorded, recording_id: expect.any(String), upload_policy: "everything" },
    { ...camera, id: watched, recording_id: null, upload_policy: "events" },
  ]);
});

test("cameras of another agent, of another city, out of service or without an address are not its business", async () => {
  const [own, other] = [await site(), await site()];
  const second = await host.asAgent(own.city.id);
  const id = await own.add();
  await own.add({ agent_id: second.id });
  await own.add({ url_rtsp: undefined, agent_id: undefined });
  await other.add();
  const gone = await own.add();
  await own.manager.patch(`/api/cameras/${gone}`, { is_active: false }, { "if-match": '"1"' });
  expect((await own.state()).cameras.map((camera: { id: string }) => camera.id)).toEqual([id]);
});

test("the revision changes with what is to be done and only then", async () => {
  const { manager, add, state } = await site();
  const id = await add();
  const revisions = [(await state()).revision];
  expect((await state()).revision).toBe(revisions[0]);
  await host.drain();
  revisions.push((await state()).revision);
  await manager.patch(`/api/cameras/${id}`, { upload_policy: "on_demand" }, { "if-match": "*" });
  revisions.push((await state()).revision);
  await add();
  revisions.push((await state()).revision);
  expect(new Set(revisions).size).toBe(4);
});

test("asking is a sign of life, written at most once a minute, and tells the server's time", async () => {
  const { agent, state } = await site();
  const seen = async () =>
    (await host.database.owner`select last_seen_at from agents where id = ${agent.id}`)[0]?.["last_seen_at"];
  const first = time.now;
  expect((await state()).server_time_ms).toBe(first);
  time.now += 59_000;
  await state();
  expect(await seen()).toEqual(new Date(first));
  time.now += 2_000;
  await host.anyone.get("/api/agents/desired-state", { authorization: `Bearer ${await agent.token()}` });
  expect(await seen()).toEqual(new Date(time.now));
});

test("addresses are for agents only: not for people, not for cameras, not for who signs with another key", async () => {
  const { city, agent } = await site();
  const [manager, camera, stranger] = [
    await host.as(["cameras.manage"]),
    await host.asCamera(city.id),
    await host.asAgent(city.id),
  ];
  const forged = (await stranger.token()).split(".");
  const header = (await agent.token()).split(".")[0];
  for (const authorization of [
    manager.authorization,
    camera.authorization,
    `Bearer ${[header, ...forged.slice(1)].join(".")}`,
  ]) {
    expect((await host.anyone.get("/api/agents/desired-state", { authorization })).status).toBe(401);
  }
});
