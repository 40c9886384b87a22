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

test("a probe waits, and after 15 s says by itself that nobody answered", async () => {
  const { manager, ask } = await site();
  const id = await ask();
  const status = async () => (await manager.get(`/api/probes/${id}`)).body.status;
  time.now += 15_000;
  expect(await status()).toBe("pending");
  time.now += 1;
  expect(await status()).toBe("timeout");
});

test("an answer stays an answer", async () => {
  const { agent, manager, ask } = await site();
  const id = await ask();
  await agent.post("/api/agents/probes/report", { id, ok: false, cause: "wrong_password", found: null });
  time.now += 60_000;
  const read = await manager.get(`/api/probes/${id}`);
  expect(read).toMatchObject({ status: 200, body: { id, status: "failed", cause: "wrong_password", found: null } });
  expect(JSON.stringify(read.body)).not.toContain("secret");
});

test("another city's probe, one that is not there and a lesser role are refused", async () => {
  const [own, other] = [await site(), await site()];
  const unknown = { status: 404, body: { reason: "probe.unknown" } };
  expect(await own.manager.get(`/api/probes/${await other.ask()}`)).toMatchObject(unknown);
  expect(await own.manager.get(`/api/probes/${own.city.id}`)).toMatchObject(unknown);
  const viewer = await host.as(["cameras.view"], [own.city.id]);
  expect((await viewer.get(`/api/probes/${await own.ask()}`)).status).toBe(403);
});
