import { afterEach, beforeEach, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { noLog } from "#lib/log.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import { isOneConnection } from "#test/harness/database.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { recordedCity, type Recorded, type RecordedCity } from "#test/harness/recordings.ts";
import { keepPictures } from "../last-frames.ts";
import { objectKeyOf } from "../segments.ts";

const DAY_MS = 86_400_000;
let host: TestHost;
// A run looks at every city: each test has a database of its own.
beforeEach(async () => {
  host = await testHost(catalogue, { log: noLog });
});
afterEach(() => host.close());

const now = Date.now();
const daysAgo = (days: number): Date => new Date(now - days * DAY_MS);
const run = (on: TestHost = host) => on.host.runCron("delete-expired-recordings", new Date());
const plan = ({ cidade_id }: RecordedCity, days: number) =>
  host.database.owner`update cidades set plano_retencao_dias = ${days} where id = ${cidade_id}`;
const recorded = async (site: RecordedCity, ...days: readonly number[]): Promise<Recorded[]> => {
  const made = days.map((day) => site.plain(daysAgo(day)));
  await site.record(...made);
  return made;
};
/** Days ago of what is still listed, and whether its bytes are still there. */
const left = async ({ camera_id }: RecordedCity) => {
  const rows = await host.database.owner`
    select captured_at, object_key from recording_segments where camera_id = ${camera_id} order by captured_at desc`;
  return Promise.all(
    rows.map(async ({ captured_at, object_key }) => [
      Math.round((now - captured_at) / DAY_MS),
      (await host.objects.head("recordings", object_key)) !== null,
    ]),
  );
};
/** Rows alone, as many as a share needs: all of one camera, a minute apart, back from so many days ago. */
const many = ({ cidade_id, camera_id, recording_id, agent }: RecordedCity, days: number, count: number) =>
  host.database.owner`
    insert into recording_segments (cidade_id, id, camera_id, recording_id, captured_at, wall_end, media_duration_ms, agent_id, boot_id,
      sequence, codec, bytes, sha256, object_key, object_length, init_length, fragments)
    select ${cidade_id}, gen_random_uuid(), ${camera_id}, ${recording_id}, at, at + interval '10 s', 10000, ${agent.id}, gen_random_uuid(),
      0, 'avc1', 1, 'none', ${cidade_id} || '/' || ${camera_id} || '/many-' || n, 1, 1, '[]'
    from generate_series(1, ${count}::int) n, lateral (select ${daysAgo(days)}::timestamptz - n * interval '1 s' as at) t`;

test("what is older than its city's plan goes, bytes and rows; the next city has another plan", async () => {
  const [week, month] = [await recordedCity(host), await recordedCity(host)];
  await plan(month, 30);
  for (const site of [week, month]) await recorded(site, 1, 6.9, 7.1, 20, 29, 30.1);
  const before = await Promise.all([left(week), left(month)]);
  expect(before.map((rows) => rows.length)).toEqual([6, 6]);
  expect(await run()).toEqual({ done: true });
  expect(await left(week)).toEqual([
    [1, true],
    [7, true],
  ]);
  expect(await left(month)).toEqual([
    [1, true],
    [7, true],
    [7, true],
    [20, true],
    [29, true],
  ]);
  expect(await host.objects.list("recordings", `${week.cidade_id}/`)).toHaveLength(2);
  expect(await run()).toEqual({ done: true });
  expect(await left(week)).toHaveLength(2);
});

test("a held segment stays with its bytes until its hold is over", async () => {
  const site = await recordedCity(host);
  const [held, lapsed] = await recorded(site, 20, 21);
  const hold = (one: Recorded | undefined, until: Date) =>
    host.database.owner`update recording_segments set hold_until = ${until} where id = ${one?.segment.id ?? ""}`;
  await hold(held, daysAgo(-1));
  await hold(lapsed, daysAgo(1));
  expect(await run()).toEqual({ done: true });
  expect(await left(site)).toEqual([[20, true]]);
});

test("thumbnails go with the recordings of their day", async () => {
  const site = await recordedCity(host);
  const pictures = { small: Buffer.from("small"), wide: Buffer.from("wide") };
  for (const days of [1, 6, 9, 20]) await keepPictures(host, { ...site, captured_at: daysAgo(days) }, pictures);
  expect(await run()).toEqual({ done: true });
  const keys = await host.objects.list("thumbnails", `${site.cidade_id}/`);
  const kept = new Set(keys.map(({ key }) => key.split("/")[2]));
  expect(kept).toEqual(new Set([6, 1].map((days) => daysAgo(days).toISOString().slice(0, 10))));
});

/** The same host over a store in which something happens before a deletion. */
const overStore = (beforeDelete: () => void | Promise<void>) => {
  const objects: ObjectStore = {
    ...host.objects,
    delete: async (bucket, key) => {
      await beforeDelete();
      await host.objects.delete(bucket, key);
    },
  };
  return testHost(catalogue, {
    log: noLog,
    grants: { sql: host.database.app, system: host.database.system, objects },
  });
};

test("a clean-up that was killed goes on: bytes go before rows, so that nothing is forgotten", async () => {
  const site = await recordedCity(host);
  await recorded(site, 8, 9, 10, 11);
  let more = 2;
  const dying = await overStore(() => {
    if (more-- <= 0) throw new Error("killed");
  });
  expect(await run(dying)).toMatchObject({ failed: true });
  await dying.close();
  const half = await left(site);
  expect(half.filter(([, bytes]) => !bytes).length).toBeLessThanOrEqual(2);
  const stored = await host.objects.list("recordings", `${site.cidade_id}/`);
  // Whatever still has bytes still has its row.
  expect(stored.length).toBe(half.filter(([, bytes]) => bytes).length);
  expect(stored.length).toBe(2);
  expect(await run()).toEqual({ done: true });
  expect(await left(site)).toEqual([]);
  expect(await host.objects.list("recordings", `${site.cidade_id}/`)).toEqual([]);
});

const waitingForLocks = async (): Promise<number> => {
  const rows = await host.database.system`select 1 from pg_locks where not granted and pid in (
    select pid from pg_stat_activity where datname = current_database())`;
  return rows.length;
};

test.skipIf(isOneConnection())(
  "a hold that comes while the bytes go finds no row: never a held row without bytes",
  async () => {
    const site = await recordedCity(host);
    const [one] = await recorded(site, 8);
    const holds: number[] = [];
    const held: Promise<unknown>[] = [];
    const late = await overStore(async () => {
      const hold = host.database.owner`
      update recording_segments set hold_until = ${daysAgo(-1)} where id = ${one?.segment.id ?? ""}`;
      held.push(hold.then(({ count }) => holds.push(count)));
      // The bytes go on only when the hold has come, be it to its end or to a lock.
      while (holds.length === 0 && (await waitingForLocks()) === 0);
    });
    expect(await run(late)).toEqual({ done: true });
    await Promise.all(held);
    expect(holds).toEqual([0]);
    expect(await left(site)).toEqual([]);
    await late.close();
  },
);

test("more than a batch goes, day by day", async () => {
  const site = await recordedCity(host);
  await many(site, 8, 450);
  await many(site, 1, 20);
  expect(await run()).toEqual({ done: true });
  expect(await left(site)).toHaveLength(20);
});

test("more than can be meant is refused for that city alone, until a person releases it", async () => {
  const [wrong, right] = [await recordedCity(host), await recordedCity(host)];
  // 2400 of 7000 are more than two days of a week's worth.
  await many(wrong, 8, 2400);
  await many(wrong, 1, 4600);
  const [expired] = await recorded(right, 8);
  expect(await run()).toMatchObject({ failed: true, reason: expect.stringContaining(wrong.cidade_id) });
  expect(await left(wrong)).toHaveLength(7000);
  expect(await host.objects.head("recordings", objectKeyOf(right.cidade_id, (expired as Recorded).segment))).toBeNull();
  const manager = await host.as(["cities.manage"], [wrong.cidade_id]);
  expect((await manager.post("/api/retention/release", { cidade_id: wrong.cidade_id })).status).toBe(200);
  expect(await run()).toEqual({ done: true });
  expect(await left(wrong)).toHaveLength(4600);
});

test("what a pause of less than two days leaves behind goes without a word", async () => {
  const site = await recordedCity(host);
  await many(site, 8, 1900);
  await many(site, 1, 5100);
  expect(await run()).toEqual({ done: true });
  expect(await left(site)).toHaveLength(5100);
});

test("what is held is not counted as expiring", async () => {
  const site = await recordedCity(host);
  await many(site, 8, 2400);
  await many(site, 1, 4600);
  await host.database
    .owner`update recording_segments set hold_until = ${daysAgo(-1)} where captured_at < ${daysAgo(7)} and captured_at > ${daysAgo(8)} - interval '2000 s'`;
  expect(await run()).toEqual({ done: true });
  expect((await left(site)).length).toBeGreaterThanOrEqual(6500);
});

test("a store that another installation marked is left alone, and so is one that lost its mark", async () => {
  const site = await recordedCity(host);
  await recorded(site, 8);
  expect(await run()).toEqual({ done: true });
  await recorded(site, 9);
  const refused = { failed: true, reason: expect.stringContaining("retention.other_store") };
  await host.objects.delete("recordings", "installation");
  expect(await run()).toMatchObject(refused);
  await host.objects.put("recordings", "installation", Buffer.from(crypto.randomUUID()), {
    content_type: "text/plain",
  });
  expect(await run()).toMatchObject(refused);
  expect(await left(site)).toEqual([[9, true]]);
});

test("a database that was made anew deletes nothing in a store that it did not mark", async () => {
  const site = await recordedCity(host);
  expect(await run()).toEqual({ done: true });
  await recorded(site, 9);
  await host.database.owner`delete from recording_stores`;
  await host.database.owner`update installation set id = ${crypto.randomUUID()}`;
  expect(await run()).toMatchObject({ failed: true, reason: expect.stringContaining("retention.other_store") });
  expect(await left(site)).toEqual([[9, true]]);
});
