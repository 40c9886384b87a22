import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { uuidv7 } from "#lib/ids.ts";
import { noLog } from "#lib/log.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import { isOneConnection } from "#test/harness/database.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";
import { plateCity, tinyJpeg } from "#test/harness/plates.ts";
import { LprDetected } from "../contract.ts";

const DAY_MS = 86_400_000;
let host: TestHost;
// A run looks at every city: each test has a database of its own.
beforeEach(async () => {
  host = await testHost(catalogue, { log: noLog });
});
afterEach(() => host.close());

type City = Awaited<ReturnType<typeof plateCity>>;
const now = Date.now();
const daysAgo = (days: number): Date => new Date(now - days * DAY_MS);
const run = (on: TestHost = host) => on.host.runCron("delete-expired-reads", new Date());
const image = tinyJpeg.toString("base64");
const read = (city: City, days: number, plate = "ABC1D23"): Promise<string> =>
  city.read(plate, { detected_at: daysAgo(days).toISOString(), image, plate_image: image });
const left = async ({ cidade_id }: City): Promise<string[]> => {
  const rows = await host.database.owner<{ id: string }[]>`
    select id from lpr_events where cidade_id = ${cidade_id} order by captured_at desc`;
  return rows.map(({ id }) => id);
};
const pictures = async ({ cidade_id }: City): Promise<number> =>
  (await host.objects.list("lpr-images", `${cidade_id}/`)).length;
const keysOf = async (id: string): Promise<number> =>
  (await host.database.owner`select 1 from lpr_plate_keys where event_id = ${id}`).length;
/** The video of a moment, held until so many days from now. */
const hold = ({ cidade_id, camera }: City, days_ago: number, until_days: number) =>
  host.database.owner`
    insert into recording_segments (cidade_id, id, camera_id, recording_id, captured_at, wall_end, media_duration_ms, agent_id, boot_id,
      sequence, codec, bytes, sha256, object_key, object_length, init_length, fragments, hold_until)
    values (${cidade_id}, ${uuidv7()}, ${camera.id}, ${uuidv7()}, ${new Date(daysAgo(days_ago).getTime() - 4000)},
      ${new Date(daysAgo(days_ago).getTime() + 6000)}, 10000, ${uuidv7()}, ${uuidv7()}, 0, 'avc1', 1, 'none', 'none', 1, 1, '[]', ${daysAgo(-until_days)})`;
/** Rows alone, as many as a share needs. */
const many = ({ cidade_id, camera }: City, days: number, count: number) =>
  host.database.owner`
    insert into lpr_events (cidade_id, id, camera_id, plate, source, sighting_id, captured_at, received_at)
    select ${cidade_id}, gen_random_uuid(), ${camera.id}, null, 'camera', gen_random_uuid(), at, at
    from generate_series(1, ${count}::int) n, lateral (select ${daysAgo(days)}::timestamptz - n * interval '1 s' as at) t`;

test("what is older than its city's plan goes with its pictures, search keys and corrections; the next city has another plan", async () => {
  const [week, month] = [await plateCity(host), await plateCity(host)];
  await host.database.owner`update cidades set plano_retencao_dias = 30 where id = ${month.cidade_id}`;
  const of = async (city: City) => [await read(city, 6.9), await read(city, 7.1), await read(city, 20)];
  const [young, old, older] = await of(week);
  const all = await of(month);
  for (const event_id of [young, old]) {
    await host.database.owner`
      insert into lpr_corrections (cidade_id, id, event_id, event_captured_at, plate, created_by)
      values (${week.cidade_id}, ${uuidv7()}, ${event_id ?? ""}, now(), 'ABC1D24', 'test')`;
  }
  expect([await pictures(week), await pictures(month)]).toEqual([6, 6]);
  expect(await run()).toEqual({ done: true });
  expect(await left(week)).toEqual([young]);
  expect(await left(month)).toEqual(all);
  expect([await pictures(week), await pictures(month)]).toEqual([2, 6]);
  expect([await keysOf(young ?? ""), await keysOf(old ?? ""), await keysOf(older ?? "")]).toEqual([6, 0, 0]);
  expect(await host.database.owner`select event_id from lpr_corrections`).toEqual([{ event_id: young }]);
  expect(await run()).toEqual({ done: true });
  expect(await left(week)).toEqual([young]);
});

test("more than a batch goes, day by day", async () => {
  const city = await plateCity(host);
  await many(city, 8, 450);
  await many(city, 1, 20);
  expect(await run()).toEqual({ done: true });
  expect(await left(city)).toHaveLength(20);
});

describe("a read that is evidence", () => {
  test("stays with its alert and its pictures, though neither lists nor searches show it, and its day can go", async () => {
    const city = await plateCity(host);
    await city.watch("ABC1D23");
    const id = await read(city, 20);
    const plain = await read(city, 20.01, "XYZ1A23");
    expect(await run()).toEqual({ done: true });
    const { operator, cidade_id } = city;
    const [alert] = (await operator.get(`/api/alerts?cidade_id=${cidade_id}`)).body.items;
    expect(alert).toMatchObject({ plate: "ABC1D23", read: { id, plate: "ABC1D23" } });
    for (const url of [alert.read.image_url, alert.read.plate_image_url]) {
      expect((await host.anyone.get(url)).status).toBe(200);
    }
    expect((await operator.get(`/api/alerts/${alert.id}`)).body).toMatchObject({ read: { id } });
    expect((await operator.get(`/api/plates/${id}`)).status).toBe(200);
    expect((await operator.get(`/api/plates/${plain}`)).status).toBe(404);
    expect((await operator.get(`/api/plates?cidade_id=${cidade_id}`)).body.items).toEqual([]);
    expect(await left(city)).toEqual([]);
    expect(await keysOf(id)).toBe(0);
    expect(await run()).toEqual({ done: true });
    expect((await operator.get(`/api/alerts/${alert.id}`)).status).toBe(200);
  });

  test("because its video is held stays until the hold is over", async () => {
    const city = await plateCity(host);
    await hold(city, 20, 1);
    await hold(city, 15, -1);
    const [held] = [await read(city, 20), await read(city, 20.01, "XYZ1A23"), await read(city, 15, "XYZ2A23")];
    expect(await run()).toEqual({ done: true });
    const kept = () => host.database.owner`select id from kept_reads`;
    expect(await kept()).toEqual([{ id: held }]);
    expect(await pictures(city)).toBe(2);
    await host.database.owner`update recording_segments set hold_until = ${daysAgo(1)}`;
    expect(await run()).toEqual({ done: true });
    expect(await kept()).toEqual([]);
    expect(await pictures(city)).toBe(0);
  });

  test("is nobody else's: another city's alert about the same plate keeps nothing", async () => {
    const [own, other] = [await plateCity(host), await plateCity(host)];
    await other.watch("ABC1D23");
    await read(own, 20);
    const theirs = await read(other, 20);
    expect(await run()).toEqual({ done: true });
    expect(await host.database.owner`select id from kept_reads`).toEqual([{ id: theirs }]);
  });
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

test("a clean-up that was killed goes on: pictures go before rows, so that none is forgotten", async () => {
  const city = await plateCity(host);
  for (const days of [8, 9, 10]) await read(city, days);
  let more = 3;
  const dying = await overStore(() => {
    if (more-- <= 0) throw new Error("killed");
  });
  expect(await run(dying)).toMatchObject({ failed: true });
  await dying.close();
  expect(await pictures(city)).toBe(3);
  expect(await run()).toEqual({ done: true });
  expect([await left(city), await pictures(city)]).toEqual([[], 0]);
});

const waitingForLocks = async (): Promise<number> => {
  const rows = await host.database.system`select 1 from pg_locks where not granted and pid in (
    select pid from pg_stat_activity where datname = current_database())`;
  return rows.length;
};

test.skipIf(isOneConnection())(
  "an alert that comes while the pictures go finds no read: never an alert without pictures",
  async () => {
    const city = await plateCity(host);
    const id = await read(city, 20);
    await city.watch("ABC1D23");
    const [row] = await host.database.owner`select data from outbox where type = 'lpr.detected'`;
    const detected = host.event(LprDetected, row?.["data"] as Record<string, unknown>);
    const answers: unknown[] = [];
    const delivered: Promise<unknown>[] = [];
    const late = await overStore(async () => {
      if (delivered.length === 0) {
        delivered.push(host.deliver(detected, "match-plate").then((answer) => answers.push(answer)));
      }
      // The pictures go on only when the alert has come, be it to its end or to a lock.
      while (answers.length === 0 && (await waitingForLocks()) === 0);
    });
    expect(await run(late)).toEqual({ done: true });
    await Promise.all(delivered);
    expect(answers).toEqual([{ done: true }]);
    expect(await host.database.owner`select 1 from alerts where event_id = ${id}`).toEqual([]);
    expect(await left(city)).toEqual([]);
    await late.close();
  },
);

test("more than can be meant is refused for that city alone, until a person releases it", async () => {
  const [wrong, right] = [await plateCity(host), await plateCity(host)];
  // 2400 of 7000 are more than two days of a week's worth.
  await many(wrong, 8, 2400);
  await many(wrong, 1, 4600);
  await read(right, 8);
  expect(await run()).toMatchObject({ failed: true, reason: expect.stringContaining(wrong.cidade_id) });
  expect(await left(wrong)).toHaveLength(7000);
  expect(await left(right)).toEqual([]);
  const manager = await host.as(["cities.manage"], [wrong.cidade_id]);
  expect((await manager.post("/api/retention/release", { cidade_id: wrong.cidade_id })).status).toBe(200);
  expect(await run()).toEqual({ done: true });
  expect(await left(wrong)).toHaveLength(4600);
});

test("a store that another installation marked is left alone", async () => {
  const city = await plateCity(host);
  const id = await read(city, 20);
  const mark = Buffer.from(crypto.randomUUID());
  await host.objects.put("recordings", "installation", mark, { content_type: "text/plain" });
  expect(await run()).toMatchObject({ failed: true, reason: expect.stringContaining("retention.other_store") });
  expect([await left(city), await pictures(city)]).toEqual([[id], 2]);
});

test("a post that could not be parsed goes when its city's plan is over", async () => {
  const city = await plateCity(host);
  const posted = (days: number) =>
    host.database.owner`
      insert into raw_posts (cidade_id, id, camera_id, form, content_type, body, received_at, correlation_id)
      values (${city.cidade_id}, ${uuidv7()}, ${city.camera.id}, 'none', 'text/plain', '', ${daysAgo(days)}, 'c')`;
  for (const days of [6.9, 7.1]) await posted(days);
  expect(await run()).toEqual({ done: true });
  expect(await host.database.owner`select received_at from raw_posts`).toEqual([{ received_at: daysAgo(6.9) }]);
});

test("pictures that no read names go after their day, evidence's stay", async () => {
  const city = await plateCity(host);
  await city.watch("ABC1D23");
  await read(city, 20);
  const young = await read(city, 6.9);
  const put = async (days: number, id: string) => {
    const day = daysAgo(days).toISOString().slice(0, 10);
    const key = `${city.cidade_id}/${city.camera.id}/${day}/${id}-scene.png`;
    await host.objects.put("lpr-images", key, tinyJpeg, { content_type: "image/png" });
    return key;
  };
  const gone = [await put(20, uuidv7()), await put(9, uuidv7())];
  const stays = [await put(6, uuidv7()), await put(6.9, young)];
  expect(await run()).toEqual({ done: true });
  const keys = (await host.objects.list("lpr-images", `${city.cidade_id}/`)).map(({ key }) => key);
  expect(keys).toHaveLength(2 + 2 + stays.length);
  for (const key of stays) expect(keys).toContain(key);
  for (const key of gone) expect(keys).not.toContain(key);
});
