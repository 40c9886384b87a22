import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

test("a camera shows what it is and what its stream turned out to be, never its address", async () => {
  const city = await host.city();
  const agent = await host.asAgent(city.id);
  const manager = await host.as(["cameras.manage", "cameras.view"], [city.id]);
  const url_rtsp = "rtsp://operador:segredo@10.0.0.5/principal";
  const { id } = (await manager.post("/api/cameras", { cidade_id: city.id, nome: "Portaria", url_rtsp })).body;
  expect((await manager.get(`/api/cameras/${id}`)).body).toMatchObject({ stream: null, recording: false, version: 1 });
  const probe = await manager.post("/api/probes", { cidade_id: city.id, camera_id: id });
  const stream = { codec: "h264", width: 1920, height: 1080, fps: 15, key_frame_seconds: 2 };
  const found = { ...stream, bits_per_second: 4_000_000, audio_codec: null };
  await agent.post("/api/agents/probes/report", { id: probe.body.id, ok: true, cause: null, found });
  await host.drain();
  const read = await manager.get(`/api/cameras/${id}`);
  expect(read).toMatchObject({ status: 200, body: { endereco_rtsp: "10.0.0.5:554", stream, recording: true } });
  expect(read.headers.get("etag")).toBe('"1"');
  expect(JSON.stringify(read.body)).not.toMatch(/segredo|operador|principal/);
});

test("another city's camera, one that is not there and a lesser role are refused", async () => {
  const [own, other] = [await host.city(), await host.city()];
  const viewer = await host.as(["cameras.view"], [own.id]);
  const unknown = { status: 404, body: { reason: "camera.unknown" } };
  expect(await viewer.get(`/api/cameras/${await host.camera(other.id)}`)).toMatchObject(unknown);
  expect(await viewer.get(`/api/cameras/${viewer.id}`)).toMatchObject(unknown);
  expect((await viewer.get("/api/cameras/1")).status).toBe(400);
  const lesser = await host.as(["plates.view"], [own.id]);
  expect((await lesser.get(`/api/cameras/${await host.camera(own.id)}`)).status).toBe(403);
});
