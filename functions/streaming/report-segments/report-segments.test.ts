import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { uuidv7 } from "#lib/ids.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { recordedCity, type RecordedCity } from "#test/harness/recordings.ts";

let host: TestHost;
beforeAll(async () => {
  host = await testHost(catalogue);
});
afterAll(() => host.close());

const minutesAgo = (minutes: number): Date => new Date(Date.now() - minutes * 60_000);
const rows = ({ camera_id }: RecordedCity) =>
  host.database.owner`select * from recording_segments where camera_id = ${camera_id} order by captured_at`;

test("a segment is listed once its bytes are in the store, however often it is reported", async () => {
  const site = await recordedCity(host);
  const one = site.plain(minutesAgo(5));
  expect((await site.report(one)).body).toEqual({
    accepted: [],
    refused: [{ id: one.segment.id, reason: "not_stored" }],
  });
  expect(await rows(site)).toEqual([]);
  await site.store(one);
  for (const _ of [1, 2, 3]) expect((await site.report(one)).body).toEqual({ accepted: [one.segment.id], refused: [] });
  const { captured_at, sha256, boot_id } = one.segment;
  expect(await rows(site)).toMatchObject([
    {
      captured_at: new Date(captured_at),
      camera_time: null,
      agent_id: site.agent.id,
      sha256,
      boot_id,
      object_key: `${site.cidade_id}/${site.camera_id}/${boot_id}-${"0".repeat(20)}.mp4`,
      object_length: 64,
      fragments: one.segment.fragments,
    },
  ]);
});

test("other bytes in the store than the journal's are refused: another length, another hash", async () => {
  const site = await recordedCity(host);
  const one = site.plain(minutesAgo(5));
  await site.store(one);
  for (const lie of [{ bytes: 65 }, { sha256: "0".repeat(64) }]) {
    const answer = await site.report({ ...one, segment: { ...one.segment, ...lie } });
    expect(answer.body.refused).toEqual([{ id: one.segment.id, reason: "wrong_bytes" }]);
  }
  expect(await rows(site)).toEqual([]);
});

test("one bad segment does not keep the others of its batch out", async () => {
  const site = await recordedCity(host);
  const [good, absent, foreign] = [1, 2, 3].map((minutes) => site.plain(minutesAgo(minutes)));
  if (!good || !absent || !foreign) throw new Error("three");
  foreign.segment.recording_id = uuidv7();
  for (const one of [good, foreign]) await site.store(one);
  expect((await site.report(absent, foreign, good)).body).toEqual({
    accepted: [good.segment.id],
    refused: [
      { id: absent.segment.id, reason: "not_stored" },
      { id: foreign.segment.id, reason: "unknown_recording" },
    ],
  });
});

test.each([
  ["of 1970", "1970-01-01T00:00:10.000Z"],
  ["of ten years ahead", "2036-06-01T00:00:00.000Z"],
])("a claimed time %s is flagged and the journal's is taken, the same at every report", async (_, claimed) => {
  const site = await recordedCity(host);
  const one = site.plain(minutesAgo(5));
  const journalled_at = one.segment.wall_end;
  const odd = { ...one, segment: { ...one.segment, captured_at: claimed, wall_end: claimed } };
  await site.record(odd);
  await site.record(odd);
  expect(await rows(site)).toMatchObject([
    {
      captured_at: new Date(Date.parse(journalled_at) - 10_000),
      wall_end: new Date(journalled_at),
      camera_time: new Date(claimed),
    },
  ]);
});

test("where the journal's time is no better, the time at which the store got the bytes is taken", async () => {
  const site = await recordedCity(host);
  const never = "1970-01-01T00:00:10.000Z";
  const odd = site.plain(new Date(never));
  await site.record(odd);
  await site.record(odd);
  const [row, ...more] = await rows(site);
  expect(more).toEqual([]);
  expect(row).toMatchObject({ camera_time: new Date(never) });
  expect(Math.abs(row?.["wall_end"].getTime() - Date.now())).toBeLessThan(60_000);
});

test("an hour ahead is believed, and the end of a segment whose clock was set is reckoned from its length", async () => {
  const site = await recordedCity(host);
  await site.record(site.plain(new Date(Date.now() + 3_500_000)));
  await site.record(site.plain(minutesAgo(5), 10_000, { wall_end: "2036-06-01T00:00:00.000Z" }));
  const found = await rows(site);
  expect(found.map(({ camera_time }) => camera_time)).toEqual([null, null]);
  expect(found.map(({ captured_at, wall_end }) => wall_end - captured_at)).toEqual([10_000, 10_000]);
});

test("a machine whose clock is years wrong hands in what it recorded", async () => {
  const site = await recordedCity(host);
  const one = site.plain(minutesAgo(5));
  // A battery is flat, and the clock begins at 1970: more milliseconds than the column holds.
  one.segment.clock_offset_ms = Date.parse(one.segment.captured_at);
  await site.store(one);
  expect((await site.report(one)).body).toEqual({ accepted: [one.segment.id], refused: [] });
  expect(await rows(site)).toMatchObject([
    { captured_at: new Date(one.segment.captured_at), clock_offset_ms: 2_147_483_647 },
  ]);
});

test("a gap that was open ends where the next segment begins", async () => {
  const site = await recordedCity(host);
  const gap = {
    camera_id: site.camera_id,
    starts_at: minutesAgo(9).toISOString(),
    ends_at: null,
    cause: "camera",
    detail: null,
  };
  await site.agent.post("/api/agents/gaps", { gaps: [gap] });
  await site.record(site.plain(minutesAgo(10)));
  const open = () => host.database.owner`select ends_at from gaps where camera_id = ${site.camera_id}`;
  expect(await open()).toEqual([{ ends_at: null }]);
  const next = site.plain(minutesAgo(5));
  await site.record(next);
  expect(await open()).toEqual([{ ends_at: new Date(next.segment.captured_at) }]);
});

test("a camera's first segment says that its stream runs", async () => {
  const site = await recordedCity(host);
  const status = () => host.database.owner`select status from streams where camera_id = ${site.camera_id}`;
  expect(await status()).toEqual([{ status: "STARTING" }]);
  await site.record(site.plain(minutesAgo(1)));
  expect(await status()).toEqual([{ status: "RUNNING" }]);
});

test("another city's recording is unknown to an agent, and a person cannot report", async () => {
  const [own, other] = [await recordedCity(host), await recordedCity(host)];
  const theirs = other.plain(minutesAgo(5));
  await own.store(theirs);
  expect((await own.report(theirs)).body.refused).toEqual([{ id: theirs.segment.id, reason: "unknown_recording" }]);
  expect(await rows(other)).toEqual([]);
  expect((await own.operator.post("/api/agents/segments", { segments: [theirs.segment] })).status).toBe(401);
});
