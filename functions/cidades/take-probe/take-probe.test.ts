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
const take = async (agent: Awaited<ReturnType<typeof site>>["agent"]) =>
  (await agent.post("/api/agents/probes/take", {})).body.probe;

test("an agent gets the oldest address that waits, opened, and each one once", async () => {
  const { agent, ask } = await site();
  const first = await ask({ url_rtsp: "rtsp://user:p%40ss@10.0.0.1/a?b=1" });
  time.now += 1000;
  const second = await ask({ url_rtsp: "rtsp://10.0.0.2/b" });
  expect(await take(agent)).toEqual({ id: first, url_rtsp: "rtsp://user:p%40ss@10.0.0.1/a?b=1" });
  expect(await take(agent)).toEqual({ id: second, url_rtsp: "rtsp://10.0.0.2/b" });
  expect(await take(agent)).toBeNull();
});

test("asked twice at the same moment, a probe is handed out once", async () => {
  const { agent, ask } = await site();
  const id = await ask();
  const taken = await Promise.all([take(agent), take(agent), take(agent)]);
  expect(taken.filter((probe) => probe !== null)).toMatchObject([{ id }]);
});

test("an agent gets neither another agent's probes nor another city's, nor what has waited too long", async () => {
  const [own, other] = [await site(), await site()];
  const second = await host.asAgent(own.city.id);
  await own.ask();
  expect(await take(second)).toBeNull();
  expect(await take(other.agent)).toBeNull();
  time.now += 15_000;
  expect(await take(own.agent)).toBeNull();
});

test("a person gets no address", async () => {
  const { manager, ask } = await site();
  await ask();
  expect((await manager.post("/api/agents/probes/take", {})).status).toBe(401);
});
