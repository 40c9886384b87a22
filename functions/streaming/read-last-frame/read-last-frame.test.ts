import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { uuidv7 } from "#lib/ids.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { recordedCity } from "#test/harness/recordings.ts";
import { keepPictures } from "../last-frames.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const pictures = { small: Buffer.from("small"), wide: Buffer.from("wide") };

test("the last picture that was kept comes with its time and an address of five minutes", async () => {
  const { cidade_id, camera_id, operator } = await recordedCity(host);
  const captured_at = new Date();
  await keepPictures(host, { cidade_id, camera_id, captured_at: new Date(captured_at.getTime() - 60_000) }, pictures);
  const newer = { ...pictures, wide: Buffer.from("newer") };
  await keepPictures(host, { cidade_id, camera_id, captured_at }, newer);
  const { status, body } = await operator.get(`/api/cameras/${camera_id}/last-frame`);
  expect(status).toBe(200);
  expect(body).toMatchObject({ camera_id, captured_at: captured_at.toISOString() });
  expect((await host.anyone.get(body.url)).body).toBe("newer");
  const expires = Number(new URLSearchParams(body.url.split("?")[1]).get("exp"));
  expect(expires - Date.now() / 1000).toBeLessThanOrEqual(301);
});

test("a camera of which no picture was kept says so", async () => {
  const { camera_id, operator } = await recordedCity(host);
  const answer = await operator.get(`/api/cameras/${camera_id}/last-frame`);
  expect(answer).toMatchObject({ status: 200, body: { camera_id, captured_at: null, url: null } });
});

test("another city's camera does not exist, like one that never was, and without the permission there is no picture", async () => {
  const [own, other] = [await recordedCity(host), await recordedCity(host)];
  await keepPictures(host, { ...other, captured_at: new Date() }, pictures);
  for (const id of [other.camera_id, uuidv7()]) {
    expect((await own.operator.get(`/api/cameras/${id}/last-frame`)).status).toBe(404);
  }
  const lesser = await host.as(["recordings.view"], [own.cidade_id]);
  expect((await lesser.get(`/api/cameras/${own.camera_id}/last-frame`)).status).toBe(403);
});
