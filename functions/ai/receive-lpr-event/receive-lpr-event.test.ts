import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const post = { plate: "ABC1D23", confidence: 0.9, detected_at: "2026-11-24T12:00:00Z" };

test("what is answered is stored as it came, with the event that leads to it", async () => {
  const city = await host.city();
  const camera = await host.asCamera(city.id);
  const text = JSON.stringify({ ...post, of_a_newer_firmware: true });
  const answer = await camera.post("/api/lpr/events", text);
  expect(answer).toMatchObject({ status: 202, body: { status: "accepted" } });
  const [row] = await host.database.owner`select body, camera_id from raw_posts where cidade_id = ${city.id}`;
  expect(Buffer.from(row?.["body"]).toString()).toBe(text);
  expect(row?.["camera_id"]).toBe(camera.id);
  expect(await host.events("lpr.posted")).toMatchObject([{ cidadeid: city.id, data: { camera_id: camera.id } }]);
  await host.drain();
});

test("the same read has the same id, however often it is posted", async () => {
  const camera = await host.asCamera((await host.city()).id);
  const [first, again, other] = [
    await camera.post("/api/lpr/events", post),
    await camera.post("/api/lpr/events", post),
    await camera.post("/api/lpr/events", { ...post, detected_at: "2026-11-24T12:00:01Z" }),
  ];
  expect(again.body.id).toBe(first.body.id);
  expect(other.body.id).not.toBe(first.body.id);
});

test.each([
  ["no JSON", "{", 400],
  ["a list", "[]", 400],
  ["a name twice", '{"plate":"A","plate":"B","detected_at":"2026-11-24T12:00:00Z"}', 400],
  ["a wrong type", '{"plate":5,"detected_at":"2026-11-24T12:00:00Z"}', 400],
  ["no time", '{"plate":"ABC1D23"}', 400],
  ["a confidence of 90", '{"confidence":90,"detected_at":"2026-11-24T12:00:00Z"}', 400],
  ["another camera's id", `{"camera_id":"${crypto.randomUUID()}","detected_at":"2026-11-24T12:00:00Z"}`, 422],
])("%s is refused with a problem and nothing is stored", async (_what, body, status) => {
  const city = await host.city();
  const camera = await host.asCamera(city.id);
  const answer = await camera.post("/api/lpr/events", body);
  expect(answer.status).toBe(status);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(answer.body.correlation_id).toBeTruthy();
  expect(await host.database.owner`select 1 from raw_posts where cidade_id = ${city.id}`).toHaveLength(0);
});

test("more than 16 MB is not read", async () => {
  const camera = await host.asCamera((await host.city()).id);
  const huge = `{"image":"${"A".repeat(16 * 1024 * 1024)}"}`;
  expect((await camera.post("/api/lpr/events", huge)).status).toBe(413);
});

test("nobody but a camera with a key posts reads", async () => {
  const city = await host.city();
  expect((await host.anyone.post("/api/lpr/events", post)).status).toBe(401);
  const agent = await host.asAgent(city.id);
  expect((await agent.post("/api/lpr/events", post)).status).toBe(401);
  const user = await host.as(["plates.view", "plates.search"], [city.id]);
  expect((await user.post("/api/lpr/events", post)).status).toBe(401);
});
