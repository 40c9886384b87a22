import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { recordedCity, recordVideo } from "#test/harness/recordings.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const clip = async () => {
  const site = await recordedCity(host);
  const start = new Date(Math.floor(Date.now() / 1000 - 60) * 1000);
  await site.record(...site.segments(recordVideo(4), start));
  const interval = { start_time: start.toISOString(), end_time: new Date(start.getTime() + 2000).toISOString() };
  const made = await site.operator.post("/api/clips", { camera_id: site.camera_id, ...interval });
  return { ...site, start, id: made.body.id as string };
};

test("a clip that is ready is downloaded from an address of its own, under a name that says when it was, and that is audited", async () => {
  const { operator, id, start, cidade_id } = await clip();
  await host.drain();
  const { status, body } = await operator.post(`/api/clips/${id}/download`);
  expect(status).toBe(200);
  const said = start.toISOString().slice(0, 19).replaceAll(":", "-");
  expect(body.filename).toBe(`clip-${said}Z-${id.slice(-6)}.mp4`);
  expect(Date.parse(body.expires_at) - Date.now()).toBeLessThanOrEqual(301_000);
  const answer = await host.host.fetch(new Request(`http://gt.test${body.url}`));
  expect(answer.headers.get("content-disposition")).toContain(body.filename);
  expect((await answer.arrayBuffer()).byteLength).toBe(body.bytes);
  const rows = (await host.audit()).filter(({ object_id, action }) => object_id === id && action === "download-clip");
  expect(rows).toMatchObject([{ actor_id: operator.id, cidade_id, result: "done", details: { sha256: body.sha256 } }]);
});

test("a clip that is not ready cannot be downloaded, and its state is said", async () => {
  const { operator, id } = await clip();
  const answer = await operator.post(`/api/clips/${id}/download`);
  expect(answer).toMatchObject({ status: 409, body: { reason: "clip.not_ready", params: { status: "PENDING" } } });
});

test("another city's clip does not exist, and who may only watch live gets none", async () => {
  const [own, other] = [await clip(), await clip()];
  expect((await own.operator.post(`/api/clips/${other.id}/download`)).status).toBe(404);
  const lesser = await host.as(["live.view"], [own.cidade_id]);
  expect((await lesser.post(`/api/clips/${own.id}/download`)).status).toBe(403);
});
