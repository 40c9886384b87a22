import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { recordedCity, type RecordedCity } from "#test/harness/recordings.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const begin = Math.floor(Date.now() / 1000 - 3600) * 1000;
const at = (seconds: number): Date => new Date(begin + seconds * 1000);
const list = ({ operator, camera_id }: RecordedCity, from: number, to: number) =>
  operator.get(`/api/segments?camera_id=${camera_id}&from=${at(from).toISOString()}&to=${at(to).toISOString()}`);

test("the segments of a window come in order, each playable from its own address, part by part", async () => {
  const site = await recordedCity(host);
  const recorded = [20, 0, 10, 30].map((second) => site.plain(at(second)));
  await site.record(...recorded);
  const { status, body } = await list(site, 5, 30);
  expect(status).toBe(200);
  expect(body.segments.map(({ captured_at }: { captured_at: string }) => captured_at)).toEqual(
    [0, 10, 20].map((second) => at(second).toISOString()),
  );
  const [first] = body.segments;
  expect(first).not.toHaveProperty("object_key");
  expect(Date.parse(first.url_expires_at) - Date.now()).toBeLessThanOrEqual(601_000);
  const answer = await host.host.fetch(
    new Request(`http://gt.test${first.url}`, { headers: { range: "bytes=16-31" } }),
  );
  expect(answer.status).toBe(206);
  expect(Buffer.from(await answer.arrayBuffer())).toEqual(Buffer.from(recorded[1]?.bytes.subarray(16, 32) ?? []));
});

test("who looked at which minutes of which camera is in the audit trail", async () => {
  const site = await recordedCity(host);
  await list(site, 0, 60);
  const rows = (await host.audit()).filter(
    ({ object_id, action }) => object_id === site.camera_id && action === "list-segments",
  );
  expect(rows).toMatchObject([
    {
      actor_id: site.operator.id,
      cidade_id: site.cidade_id,
      result: "done",
      details: { from: at(0).toISOString(), to: at(60).toISOString() },
    },
  ]);
});

test("fifteen minutes are given and not a second more, and no window that ends before it begins", async () => {
  const site = await recordedCity(host);
  expect((await list(site, 0, 900)).status).toBe(200);
  expect(await list(site, 0, 901)).toMatchObject({ status: 422, body: { reason: "window.too_long" } });
  expect(await list(site, 10, 0)).toMatchObject({ status: 422, body: { reason: "window.empty" } });
});

test("another city's camera does not exist, and who may only watch live gets no recording", async () => {
  const [own, other] = [await recordedCity(host), await recordedCity(host)];
  expect((await list({ ...own, camera_id: other.camera_id }, 0, 10)).status).toBe(404);
  const lesser = await host.as(["live.view"], [own.cidade_id]);
  expect((await list({ ...own, operator: lesser }, 0, 10)).status).toBe(403);
});
