import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { recordedCity, type RecordedCity } from "#test/harness/recordings.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const begin = Math.floor(Date.now() / 1000 - 7200) * 1000;
const at = (seconds: number): string => new Date(begin + seconds * 1000).toISOString();
const ask = ({ operator, camera_id }: RecordedCity, start: number, end: number, headers?: Record<string, string>) =>
  operator.post("/api/clips", { camera_id, start_time: at(start), end_time: at(end), nome: " Portaria " }, headers);
const requested = async (site: RecordedCity) =>
  (await host.events("clip.requested")).filter(({ cidadeid }) => cidadeid === site.cidade_id);

const site = async () => {
  const city = await recordedCity(host);
  await city.record(...[0, 10, 20].map((second) => city.plain(new Date(begin + second * 1000))));
  return city;
};

test("a clip that was asked for waits to be cut, and is written into the audit trail", async () => {
  const city = await site();
  const { status, body } = await ask(city, 5, 25);
  expect(status).toBe(202);
  expect(body).toMatchObject({
    cidade_id: city.cidade_id,
    recording_id: city.recording_id,
    nome: "Portaria",
    start_time: at(5),
    end_time: at(25),
    actual_start: null,
    status: "PENDING",
    sha256: null,
    created_by: city.operator.id,
  });
  expect(await requested(city)).toMatchObject([{ data: { clip_id: body.id, cidade_id: city.cidade_id } }]);
  const rows = (await host.audit()).filter(({ object_id }) => object_id === body.id);
  expect(rows).toMatchObject([
    { action: "create-clip", details: { camera_id: city.camera_id, start_time: at(5), end_time: at(25) } },
  ]);
});

test("the same request with the same key makes one clip", async () => {
  const city = await site();
  const key = { "idempotency-key": crypto.randomUUID() };
  const [first, second] = [await ask(city, 5, 25, key), await ask(city, 5, 25, key)];
  expect(second.body).toEqual(first.body);
  expect(await requested(city)).toHaveLength(1);
});

test("a clip that ends before it starts is refused, and so is one of more than an hour", async () => {
  const city = await site();
  expect(await ask(city, 20, 10)).toMatchObject({ status: 422, body: { reason: "window.empty" } });
  expect(await ask(city, 10, 10)).toMatchObject({ status: 422, body: { reason: "window.empty" } });
  expect((await ask(city, 0, 3600)).status).toBe(202);
  expect(await ask(city, 0, 3601)).toMatchObject({
    status: 422,
    body: { reason: "window.too_long", params: { seconds: 3600 } },
  });
});

test("where nothing was recorded that is said, and no clip is made", async () => {
  const city = await site();
  for (const [start, end] of [
    [40, 60],
    [-60, 0],
    [30, 31],
  ] as const) {
    expect(await ask(city, start, end)).toMatchObject({ status: 422, body: { reason: "clip.nothing_recorded" } });
  }
  expect(await requested(city)).toEqual([]);
});

test("another city's camera does not exist, and who may only look may not cut", async () => {
  const [own, other] = [await site(), await site()];
  expect((await ask({ ...own, camera_id: other.camera_id }, 5, 25)).status).toBe(404);
  const viewer = await host.as(["recordings.view"], [own.cidade_id]);
  expect((await ask({ ...own, operator: viewer }, 5, 25)).status).toBe(403);
});
