import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { uuidv7 } from "#lib/ids.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { recordedCity, type Recorded, type RecordedCity } from "#test/harness/recordings.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const ask = ({ agent }: RecordedCity, ...recorded: readonly Recorded[]) =>
  agent.post("/api/agents/segments/uploads", {
    segments: recorded.map(({ segment: { id, camera_id, bytes, sha256, boot_id, sequence } }) => ({
      id,
      camera_id,
      bytes,
      sha256,
      boot_id,
      sequence,
    })),
  });

test("an agent stores a segment at the signed address it was given, and exactly these bytes", async () => {
  const site = await recordedCity(host);
  const one = site.plain(new Date());
  const { status, body } = await ask(site, one);
  expect(status).toBe(200);
  const [{ id, url, headers, object_key }] = body.uploads;
  expect(id).toBe(one.segment.id);
  expect((await host.anyone.put(url, new Uint8Array(64), headers)).status).toBe(422);
  expect((await host.anyone.put(url, one.bytes.subarray(1), headers)).status).toBe(400);
  expect(await host.objects.head("recordings", object_key)).toBeNull();
  expect((await host.anyone.put(url, one.bytes, headers)).status).toBe(200);
  expect((await site.report(one)).body.accepted).toEqual([one.segment.id]);
});

test("what is stored already needs no address, so that a killed agent does not send it twice", async () => {
  const site = await recordedCity(host);
  const [there, fresh] = [site.plain(new Date()), site.plain(new Date())];
  await site.store(there);
  const { body } = await ask(site, there, fresh);
  expect(body.uploads.map(({ url }: { url: string | null }) => url === null)).toEqual([true, false]);
});

test("an address for one segment stores no other", async () => {
  const site = await recordedCity(host);
  const [one, two] = [site.plain(new Date()), site.plain(new Date())];
  const { body } = await ask(site, one, two);
  const moved = body.uploads[0].url.replace(body.uploads[0].object_key, body.uploads[1].object_key);
  expect((await host.anyone.put(moved, one.bytes, body.uploads[0].headers)).status).toBe(403);
});

test("another city's camera does not exist for an agent, and keeps nobody else's segment from the store", async () => {
  const [own, other] = [await recordedCity(host), await recordedCity(host)];
  const [ours, theirs, nobodys] = [own.plain(new Date()), other.plain(new Date()), own.plain(new Date())];
  nobodys.segment.camera_id = uuidv7();
  const { status, body } = await ask(own, theirs, ours, nobodys);
  expect(status).toBe(200);
  expect(body.uploads).toMatchObject([{ id: ours.segment.id, url: expect.any(String) }]);
  expect(body.refused).toEqual([theirs, nobodys].map(({ segment }) => ({ id: segment.id, reason: "unknown_camera" })));
  expect((await ask(own, theirs)).body).toMatchObject({ uploads: [], refused: [{ id: theirs.segment.id }] });
});

test("a person gets no address", async () => {
  const own = await recordedCity(host);
  expect((await own.operator.post("/api/agents/segments/uploads", { segments: [] })).status).toBe(401);
});
