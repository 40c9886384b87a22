import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { uuidv7 } from "#lib/ids.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { recordedCity } from "#test/harness/recordings.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const clip = async () => {
  const site = await recordedCity(host);
  const start = new Date(Date.now() - 60_000);
  await site.record(site.plain(start));
  const interval = { start_time: start.toISOString(), end_time: new Date(start.getTime() + 5000).toISOString() };
  const made = await site.operator.post("/api/clips", { camera_id: site.camera_id, ...interval });
  return { ...site, interval, id: made.body.id as string };
};

test("a clip says what was asked for and how far it is, and nothing of where it lies", async () => {
  const { operator, id, interval, camera_id } = await clip();
  const { status, body } = await operator.get(`/api/clips/${id}`);
  expect(status).toBe(200);
  expect(body).toMatchObject({ id, camera_id, ...interval, status: "PENDING", gaps: [], thumbnail_url: null });
  expect(Object.keys(body).filter((name) => name.endsWith("_path"))).toEqual([]);
});

test("another city's clip does not exist, like one that never was, and who may only watch live sees none", async () => {
  const [own, other] = [await clip(), await clip()];
  const theirs = await own.operator.get(`/api/clips/${other.id}`);
  const none = await own.operator.get(`/api/clips/${uuidv7()}`);
  for (const answer of [theirs, none]) expect(answer).toMatchObject({ status: 404, body: { reason: "clip.unknown" } });
  const lesser = await host.as(["live.view"], [own.cidade_id]);
  expect((await lesser.get(`/api/clips/${own.id}`)).status).toBe(403);
});
