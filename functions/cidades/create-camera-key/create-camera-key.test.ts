import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const read = (detected_at = new Date()) => ({
  plate: "ABC1D23",
  confidence: 0.9,
  detected_at: detected_at.toISOString(),
});

test("a camera posts plate reads with its key, and only the key's hash is kept", async () => {
  const city = await host.city();
  const camera_id = await host.camera(city.id);
  const manager = await host.as(["cameras.manage"], [city.id]);
  const made = await manager.post(`/api/cameras/${camera_id}/keys`);
  expect(made).toMatchObject({ status: 201, body: { camera_id, key: expect.stringMatching(/^gtk_[\w-]{43}$/) } });
  const { id, key } = made.body;
  const posted = await host.anyone.post("/api/lpr/events", read(), { authorization: `Bearer ${key}` });
  expect(posted.status).toBe(202);
  const kept = await host.database.owner`select * from camera_keys where id = ${id}`;
  expect(kept).toMatchObject([{ cidade_id: city.id, camera_id, revoked_at: null }]);
  expect(JSON.stringify([kept, await host.audit()])).not.toContain(key);
  expect(await host.audit()).toContainEqual(
    expect.objectContaining({ action: "create-camera-key", object_id: id, cidade_id: city.id, result: "done" }),
  );
});

test("a second key does not take the first one's place, so that cameras change over without a gap", async () => {
  const city = await host.city();
  const camera_id = await host.camera(city.id);
  const manager = await host.as(["cameras.manage"], [city.id]);
  for (const made of [
    await manager.post(`/api/cameras/${camera_id}/keys`),
    await manager.post(`/api/cameras/${camera_id}/keys`),
  ]) {
    const headers = { authorization: `Bearer ${made.body.key}` };
    expect((await host.anyone.post("/api/lpr/events", read(), headers)).status).toBe(202);
  }
});

test("another city's camera, one that is not there and a lesser role are refused", async () => {
  const [own, other] = [await host.city(), await host.city()];
  const [camera_id, foreign] = [await host.camera(own.id), await host.camera(other.id)];
  const manager = await host.as(["cameras.manage"], [own.id]);
  const unknown = { status: 404, body: { reason: "camera.unknown" } };
  expect(await manager.post(`/api/cameras/${foreign}/keys`)).toMatchObject(unknown);
  expect(await manager.post(`/api/cameras/${manager.id}/keys`)).toMatchObject(unknown);
  const viewer = await host.as(["cameras.view"], [own.id]);
  expect((await viewer.post(`/api/cameras/${camera_id}/keys`)).status).toBe(403);
});
