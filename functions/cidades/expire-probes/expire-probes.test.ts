import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
const time = { now: Date.now() };
beforeAll(async () => {
  host = await testHost(catalogue, { grants: { clock: () => new Date(time.now) } });
});
afterAll(() => host.close());

const probe = async () => {
  const city = await host.city();
  const agent = await host.asAgent(city.id);
  const manager = await host.as(["cameras.manage"], [city.id]);
  const asked = await manager.post("/api/probes", { cidade_id: city.id, url_rtsp: "rtsp://user:secret@10.0.0.9/main" });
  return { id: asked.body.id as string, agent };
};
const row = async (id: string) => (await host.database.owner`select * from camera_probes where id = ${id}`)[0];
const run = () => host.host.runCron("expire-probes", new Date(time.now));

test("a probe that no agent answered within 15 s ends, once, and its address is wiped", async () => {
  const { id } = await probe();
  time.now += 15_001;
  expect(await run()).toEqual({ done: true });
  const ended = await row(id);
  expect(ended).toMatchObject({ status: "timeout", url_rtsp: null, finished_at: new Date(time.now) });
  time.now += 60_000;
  expect(await run()).toEqual({ done: true });
  expect(await row(id)).toEqual(ended);
});

test("a probe that still has time and one that was answered are left alone", async () => {
  const answered = await probe();
  await answered.agent.post("/api/agents/probes/report", { id: answered.id, ok: false, cause: "refused", found: null });
  time.now += 10_000;
  const young = await probe();
  time.now += 10_000;
  await run();
  expect(await row(answered.id)).toMatchObject({ status: "failed", cause: "refused" });
  expect(await row(young.id)).toMatchObject({ status: "pending", url_rtsp: expect.stringMatching(/^v1\./) });
});
