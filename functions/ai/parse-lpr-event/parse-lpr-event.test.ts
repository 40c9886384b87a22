import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { connectSql } from "#lib/db/connect.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { plateCity, tinyJpeg } from "#test/harness/plates.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

import { keysOf } from "../plates.ts";

const image = tinyJpeg.toString("base64");

test("a posted read becomes an event with its pictures, and the raw body goes", async () => {
  const { cidade_id, camera, operator, read } = await plateCity(host);
  const id = await read("abc-1d23", { image, plate_image: image, vehicle: { type: "car", color: "prata" } });
  const shown = await operator.get(`/api/plates/${id}`);
  expect(shown).toMatchObject({
    status: 200,
    body: {
      camera_id: camera.id,
      plate: "ABC1D23",
      plate_raw: "abc-1d23",
      layout: "mercosul",
      source: "camera",
      image_problem: null,
      vehicle: { type: "car", color: "prata" },
    },
  });
  const picture = await host.host.fetch(new Request(`http://gt.test${shown.body.image_url}`));
  expect(Buffer.from(await picture.arrayBuffer())).toEqual(tinyJpeg);
  expect(await host.database.owner`select 1 from raw_posts where cidade_id = ${cidade_id}`).toHaveLength(0);
  const keys = await host.database.owner`select key from lpr_plate_keys where cidade_id = ${cidade_id} order by key`;
  expect(keys.map(({ key }) => key)).toEqual(keysOf("ABC1D23"));
});

test("a read posted twice, and a message delivered twice, are one event", async () => {
  const { cidade_id, camera } = await plateCity(host);
  const body = { plate: "ABC1D23", detected_at: host.clock().toISOString() };
  await camera.post("/api/lpr/events", body);
  await camera.post("/api/lpr/events", body);
  const messages = await host.events("lpr.posted");
  for (const message of [...messages, ...messages]) {
    expect(await host.deliver(message, "parse-lpr-event")).toEqual({ done: true });
  }
  await host.drain();
  expect(await host.database.owner`select 1 from lpr_events where cidade_id = ${cidade_id}`).toHaveLength(1);
  const told = await host.database.owner`select 1 from outbox where type = 'lpr.detected' and cidade_id = ${cidade_id}`;
  expect(told).toHaveLength(1);
});

test("while somebody holds up what is written of a camera its reads come again, and none waits in hand for long", async () => {
  const [stuck, well] = [await plateCity(host), await plateCity(host)];
  const body = { plate: "ABC1D23", detected_at: host.clock().toISOString() };
  for (const { camera } of [stuck, well]) await camera.post("/api/lpr/events", body);
  const messages = await host.events("lpr.posted");
  const [held, other] = [stuck, well].map(({ cidade_id }) => messages.find(({ cidadeid }) => cidadeid === cidade_id)!);
  // As long as this whole test may take: whoever waited as long as a login lets him would be seen.
  const { owner, urls } = host.database;
  const patient = new URL(urls.app);
  if (!patient.searchParams.has("pgbouncer")) patient.searchParams.set("lock_timeout", "60s");
  const app = connectSql(patient.href, { max: 2 });
  const slow = await testHost(catalogue, { database: { ...host.database, app, close: () => app.end({ timeout: 1 }) } });
  try {
    await owner.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(hashtextextended(${`passages ${stuck.camera.id}`}, 0))`;
      expect(await slow.deliver(held!, "parse-lpr-event")).toMatchObject({ park: true, seconds: 2, only: "subject" });
      expect(await slow.deliver(other!, "parse-lpr-event")).toEqual({ done: true });
    });
    expect(await slow.deliver(held!, "parse-lpr-event")).toEqual({ done: true });
  } finally {
    await slow.close();
  }
});

test("a picture that was cut off is kept and marked; a missing one says so", async () => {
  const { operator, read } = await plateCity(host);
  const cut = await read("ABC1D23", { image: tinyJpeg.subarray(0, -2).toString("base64") });
  expect((await operator.get(`/api/plates/${cut}`)).body).toMatchObject({ image_problem: "truncated" });
  expect((await operator.get(`/api/plates/${cut}`)).body.image_url).toBeTruthy();
  const none = await read("ABC1D24");
  expect((await operator.get(`/api/plates/${none}`)).body).toMatchObject({ image_problem: "none", image_url: null });
});

test.each([
  ["1970-01-01T00:00:00Z", "too_old"],
  ["2036-11-24T12:00:00Z", "in_future"],
])("a camera whose clock says %s loses nothing: its reads are kept and flagged", async (detected_at, time_flag) => {
  const { operator, read } = await plateCity(host);
  const id = await read("ABC1D23", { detected_at });
  await read("ABC1D23", { detected_at });
  const { body } = await operator.get(`/api/plates/${id}`);
  expect(body).toMatchObject({ time_flag, captured_at: body.received_at });
  expect(new Date(body.camera_time)).toEqual(new Date(detected_at));
});

test("a passage without a readable plate is a passage", async () => {
  const { operator, read } = await plateCity(host);
  for (const plate of [null, "??"]) {
    const id = await read(plate, { event_id: `passage ${plate}` });
    expect((await operator.get(`/api/plates/${id}`)).body).toMatchObject({
      plate: null,
      plate_raw: plate,
      layout: null,
    });
  }
});
