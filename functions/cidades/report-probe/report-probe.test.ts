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
const stream = { codec: "hevc", width: 2560, height: 1440, fps: 20, key_frame_seconds: 2 };
const found = { ...stream, bits_per_second: 3_000_000, audio_codec: "aac" };
const row = async (id: string) => (await host.database.owner`select * from camera_probes where id = ${id}`)[0];

test("what an agent found is kept, its address is wiped, and one event says so however often it is reported", async () => {
  const { city, agent, manager, ask } = await site();
  const id = await ask();
  const report = { id, ok: true, cause: null, found };
  expect((await agent.post("/api/agents/probes/report", report)).status).toBe(204);
  expect((await agent.post("/api/agents/probes/report", { ...report, ok: false, cause: "no_video" })).status).toBe(204);
  expect((await manager.get(`/api/probes/${id}`)).body).toMatchObject({ status: "ok", cause: null, found });
  expect(await row(id)).toMatchObject({ url_rtsp: null, finished_at: new Date(time.now) });
  const told = (await host.events("camera.probed")).filter(({ data }) => data["probe_id"] === id);
  expect(told).toMatchObject([{ data: { probe_id: id, cidade_id: city.id } }]);
});

test("a camera's own probe is kept as its stream, the latest one alone", async () => {
  const { city, agent, manager, ask } = await site();
  const body = { cidade_id: city.id, nome: "Portaria", url_rtsp: "rtsp://10.0.0.9/main" };
  const camera_id = (await manager.post("/api/cameras", body)).body.id;
  for (const width of [1280, 2560]) {
    const id = await ask({ camera_id });
    await agent.post("/api/agents/probes/report", { id, ok: true, cause: null, found: { ...found, width } });
  }
  expect((await manager.get(`/api/cameras/${camera_id}`)).body.stream).toEqual(stream);
});

test("a failure says why and leaves the camera's stream as it was known", async () => {
  const { city, agent, manager, ask } = await site();
  const body = { cidade_id: city.id, nome: "Portaria", url_rtsp: "rtsp://10.0.0.9/main" };
  const camera_id = (await manager.post("/api/cameras", body)).body.id;
  const id = await ask({ camera_id });
  await agent.post("/api/agents/probes/report", { id, ok: false, cause: "unreachable", found: null });
  expect((await manager.get(`/api/probes/${id}`)).body).toMatchObject({ status: "failed", cause: "unreachable" });
  expect((await manager.get(`/api/cameras/${camera_id}`)).body.stream).toBeNull();
});

test("nobody answers for another: not the city's second agent, not another city's, not for what has ended", async () => {
  const [own, other] = [await site(), await site()];
  const second = await host.asAgent(own.city.id);
  const id = await own.ask({ url_rtsp: "rtsp://10.0.0.9/main", agent_id: own.agent.id });
  for (const stranger of [second, other.agent]) {
    await stranger.post("/api/agents/probes/report", { id, ok: true, cause: null, found });
  }
  expect(await row(id)).toMatchObject({ status: "pending" });
  time.now += 15_001;
  await host.host.runCron("expire-probes", new Date(time.now));
  const late = await host.anyone.post(
    "/api/agents/probes/report",
    { id, ok: true, cause: null, found },
    { authorization: `Bearer ${await own.agent.token()}` },
  );
  expect(late.status).toBe(204);
  expect(await row(id)).toMatchObject({ status: "timeout", found: null });
});

test("a person cannot report, and a cause outside the closed words is refused", async () => {
  const { agent, manager, ask } = await site();
  const report = { id: await ask(), ok: false, cause: "no_video", found: null };
  expect((await manager.post("/api/agents/probes/report", report)).status).toBe(401);
  expect((await agent.post("/api/agents/probes/report", { ...report, cause: "rtsp://x" })).status).toBe(400);
});
