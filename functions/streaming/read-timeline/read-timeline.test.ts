import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { recordedCity, type RecordedCity } from "#test/harness/recordings.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

/** Seconds of an hour that began two hours ago. */
const hour = Math.floor(Date.now() / 1000 - 7200) * 1000;
const at = (seconds: number): Date => new Date(hour + seconds * 1000);
const iso = (seconds: number): string => at(seconds).toISOString();
const read = ({ operator, camera_id }: RecordedCity, from = 0, to = 3600) =>
  operator.get(`/api/timeline?camera_id=${camera_id}&from=${iso(from)}&to=${iso(to)}`);
const record = async (site: RecordedCity, ...seconds: readonly number[]) =>
  site.record(...seconds.map((second) => site.plain(at(second))));

test("segments that follow each other within a second are one span, a longer hole parts them", async () => {
  const site = await recordedCity(host);
  await record(site, 100, 110, 120.9, 140, 150);
  const { status, body } = await read(site);
  expect(status).toBe(200);
  expect(body.spans).toEqual([
    { starts_at: iso(100), ends_at: iso(130.9) },
    { starts_at: iso(140), ends_at: iso(160) },
  ]);
  expect(body.gaps).toEqual([{ starts_at: iso(130.9), ends_at: iso(140), cause: null, detail: null }]);
  expect(Math.abs(Date.parse(body.kept_since) - (Date.now() - 7 * 86_400_000))).toBeLessThan(60_000);
});

test("a hole is explained by what the agent said, and only as far as it said it", async () => {
  const site = await recordedCity(host);
  await record(site, 0, 100, 300);
  const said = (starts: number, ends: number | null, cause: string) => ({
    camera_id: site.camera_id,
    starts_at: iso(starts),
    ends_at: ends === null ? null : iso(ends),
    cause,
    detail: "refused",
  });
  await site.agent.post("/api/agents/gaps", {
    gaps: [said(10.5, 99.5, "camera"), said(150, 200, "uplink"), said(310, null, "disk")],
  });
  expect((await read(site)).body.gaps).toEqual([
    { starts_at: iso(10.5), ends_at: iso(99.5), cause: "camera", detail: "refused" },
    { starts_at: iso(110), ends_at: iso(150), cause: null, detail: null },
    { starts_at: iso(150), ends_at: iso(200), cause: "uplink", detail: "refused" },
    { starts_at: iso(200), ends_at: iso(300), cause: null, detail: null },
    { starts_at: iso(310), ends_at: null, cause: "disk", detail: "refused" },
  ]);
});

test("a segment that reaches into the window counts, one beside it does not", async () => {
  const site = await recordedCity(host);
  await record(site, 0, 95, 200);
  expect((await read(site, 100, 200)).body.spans).toEqual([{ starts_at: iso(95), ends_at: iso(105) }]);
});

describe("more than one answer holds", () => {
  const DAY = 86_400;
  /** A second of video every two, from so many seconds on. */
  const broken = ({ cidade_id, camera_id, recording_id, agent }: RecordedCity, from: number, count: number) =>
    host.database.owner`
      insert into recording_segments (cidade_id, id, camera_id, recording_id, captured_at, wall_end, media_duration_ms, agent_id,
        boot_id, sequence, codec, bytes, sha256, object_key, object_length, init_length, fragments)
      select ${cidade_id}, gen_random_uuid(), ${camera_id}, ${recording_id}, begins, begins + interval '1 s', 1000, ${agent.id},
        gen_random_uuid(), 0, 'avc1', 1, 'none', 'none', 1, 1, '[]'
      from generate_series(0, ${count}::int - 1) n, lateral (select ${at(from)}::timestamptz + n * interval '3 s' as begins) t`;

  test("is said, and goes on from where it was cut, nothing twice and nothing left out", async () => {
    const site = await recordedCity(host);
    await broken(site, -DAY, 5002);
    const first = await read(site, -DAY, 0);
    expect(first.body.spans).toHaveLength(5000);
    expect(first.body.gaps).toHaveLength(5000);
    expect(first.body.truncated_at).toBe(iso(-DAY + 15_000));
    expect(first.body.gaps.at(-1).ends_at).toBe(first.body.truncated_at);
    const rest = await site.operator.get(
      `/api/timeline?camera_id=${site.camera_id}&from=${first.body.truncated_at}&to=${iso(0)}`,
    );
    expect(rest.body).toMatchObject({
      spans: [{ starts_at: iso(-DAY + 15_000) }, { starts_at: iso(-DAY + 15_003) }],
      gaps: [{ starts_at: iso(-DAY + 15_001) }],
      truncated_at: null,
    });
  });

  test("is said of known gaps too: no span behind the last that is told looks whole", async () => {
    const site = await recordedCity(host);
    await record(site, 3500);
    await host.database.owner`
      insert into gaps (cidade_id, id, camera_id, starts_at, ends_at, cause)
      select ${site.cidade_id}, gen_random_uuid(), ${site.camera_id}, begins, begins + interval '500 ms', 'camera'
      from generate_series(0, 2000) n, lateral (select ${at(0)}::timestamptz + n * interval '1 s' as begins) t`;
    const { body } = await read(site);
    expect(body.gaps).toHaveLength(2000);
    expect(body).toMatchObject({ spans: [], truncated_at: iso(2000) });
  });
});

test("an empty window, a window that ends before it begins and more than 31 days are refused", async () => {
  const site = await recordedCity(host);
  expect(await read(site, 10, 10)).toMatchObject({ status: 422, body: { reason: "window.empty" } });
  expect(await read(site, 20, 10)).toMatchObject({ status: 422, body: { reason: "window.empty" } });
  const days = 86_400;
  expect((await read(site, -31 * days, 0)).status).toBe(200);
  expect(await read(site, -31 * days - 1, 0)).toMatchObject({ status: 422, body: { reason: "window.too_long" } });
});

test("another city's camera does not exist, and who may not see recordings sees no timeline", async () => {
  const [own, other] = [await recordedCity(host), await recordedCity(host)];
  expect((await read({ ...own, camera_id: other.camera_id })).status).toBe(404);
  const lesser = await host.as(["live.view"], [own.cidade_id]);
  expect((await lesser.get(`/api/timeline?camera_id=${own.camera_id}&from=${iso(0)}&to=${iso(9)}`)).status).toBe(403);
});
