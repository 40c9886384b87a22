import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { recordedCity, type RecordedCity } from "#test/harness/recordings.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const gap = (camera_id: string, changes: object = {}) => ({
  camera_id,
  starts_at: "2026-01-05T10:00:00.000Z",
  ends_at: null,
  cause: "uplink",
  detail: null,
  ...changes,
});
const rows = ({ camera_id }: RecordedCity) =>
  host.database
    .owner`select starts_at, ends_at, cause, detail from gaps where camera_id = ${camera_id} order by starts_at`;

test("a gap is kept with its cause; told again it is the same one, and an end that is known stays known", async () => {
  const site = await recordedCity(host);
  const tell = async (changes: object) => {
    expect((await site.agent.post("/api/agents/gaps", { gaps: [gap(site.camera_id, changes)] })).status).toBe(204);
  };
  const starts_at = new Date("2026-01-05T10:00:00Z");
  const ends_at = new Date("2026-01-05T10:07:00Z");
  await tell({});
  expect(await rows(site)).toEqual([{ starts_at, ends_at: null, cause: "uplink", detail: null }]);
  await tell({ ends_at: ends_at.toISOString(), cause: "camera", detail: "refused" });
  await tell({ cause: "camera", detail: "refused" });
  expect(await rows(site)).toEqual([{ starts_at, ends_at, cause: "camera", detail: "refused" }]);
});

test("a cause outside the closed words is refused", async () => {
  const site = await recordedCity(host);
  const answer = await site.agent.post("/api/agents/gaps", { gaps: [gap(site.camera_id, { cause: "bad luck" })] });
  expect(answer.status).toBe(400);
});

test("another city's camera is passed over while one's own is kept, and a person cannot report", async () => {
  const [own, other] = [await recordedCity(host), await recordedCity(host)];
  const gaps = [gap(other.camera_id), gap(own.camera_id)];
  expect((await own.agent.post("/api/agents/gaps", { gaps })).status).toBe(204);
  expect(await rows(other)).toEqual([]);
  expect(await rows(own)).toHaveLength(1);
  expect((await own.operator.post("/api/agents/gaps", { gaps })).status).toBe(401);
});
