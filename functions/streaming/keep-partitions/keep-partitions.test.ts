import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { uuidv7 } from "#lib/ids.ts";
import { noLog } from "#lib/log.ts";
import { isOneConnection } from "#test/harness/database.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
let host: TestHost;
const time = { now: 0 };
beforeEach(async () => {
  time.now = Date.now();
  host = await testHost(catalogue, { log: noLog, grants: { clock: () => new Date(time.now) } });
});
afterEach(() => host.close());

const run = () => host.host.runCron("keep-partitions", new Date(time.now));
const day = (offset: number): string => new Date(time.now + offset * DAY_MS).toISOString().slice(0, 10);
const days = async (table: string): Promise<string[]> => {
  const rows = await host.database.owner<{ day: string }[]>`select day::text as day from gt_partition_days(${table})`;
  return rows.map((row) => row.day);
};
/** Partitions of these days, whatever today is. */
const makeDays = (from: string, to: string) =>
  host.database.owner`select gt_make_partitions(${from}::date, ${to}::date)`;
const audited = (at: string) => host.database.owner`
  insert into audit_log (id, at, actor_kind, actor_id, action, result, correlation_id)
  values (${uuidv7()}, ${at}, 'system', 'test', 'test', 'done', 'test')`;
const auditDays = async (): Promise<string[]> => {
  const rows = await host.database.owner<{ at: Date }[]>`select at from audit_log order by at`;
  return rows.map(({ at }) => at.toISOString().slice(0, 10));
};

describe("days to come", () => {
  test("are there for every partitioned table, and a second run changes nothing", async () => {
    time.now += 5 * DAY_MS;
    const tables = await host.database.owner<{ name: string; kind: string }[]>`
      select name, kind from partitioned_tables order by name`;
    expect(tables.map(({ name }) => name)).toContain("recording_segments");
    expect(await run()).toEqual({ done: true });
    for (const { name, kind } of tables) {
      expect([name, (await days(name)).at(-1)]).toEqual([name, kind === "month" ? `${day(8).slice(0, 7)}-01` : day(8)]);
    }
    const before = await days("recording_segments");
    expect(await run()).toEqual({ done: true });
    expect(await days("recording_segments")).toEqual(before);
  });

  test("are reached through their parent only: they carry no grant", async () => {
    await run();
    const partition = `recording_segments_${day(8).replaceAll("-", "")}`;
    await expect(host.database.system`select 1 from ${host.database.system(partition)}`).rejects.toThrow(
      "permission denied",
    );
  });
});

test("old days that are empty go, up to the first that still holds something", async () => {
  const oldest = (await days("lpr_plate_keys"))[0] as string;
  time.now = Date.parse(oldest) + 36 * DAY_MS;
  const held = day(-34);
  const { id } = await host.city();
  await host.database.owner`
    insert into lpr_plate_keys (cidade_id, key, captured_at, event_id) values (${id}, '0AB', ${`${held}T12:00:00Z`}, ${uuidv7()})`;
  expect(await run()).toEqual({ done: true });
  expect((await days("lpr_plate_keys"))[0]).toBe(held);
  expect((await days("recording_segments"))[0]).toBe(day(-32));
  expect(await host.database.owner`select 1 from lpr_plate_keys`).toHaveLength(1);
});

describe("the outbox", () => {
  type Written = { published?: number; refused?: boolean; type?: string };
  /** Times in hours from now. */
  const write = async (hours: number, { published, refused, type = "a.b" }: Written = {}): Promise<string> => {
    const id = uuidv7(time.now + hours * HOUR_MS);
    await host.database.owner`
      insert into outbox (id, type, version, correlation_id, data, published_at, refused)
      values (${id}, ${type}, 1, 'c', '{}', ${published === undefined ? null : new Date(time.now + published * HOUR_MS)},
        ${refused ? "No queue is bound to this type" : null})`;
    return id;
  };
  const left = async (): Promise<string[]> => {
    const rows = await host.database.owner<{ id: string }[]>`select id from outbox order by id`;
    return rows.map(({ id }) => id);
  };

  test("loses a day of which everything was published more than 24 h ago, and keeps the days after", async () => {
    await write(-72, { published: -71 });
    const kept = [await write(-10, { published: -9 }), await write(-1)];
    expect(await run()).toEqual({ done: true });
    expect(await left()).toEqual(kept);
    expect(await days("outbox")).not.toContain(day(-3));
    expect(await days("outbox")).toContain(day(-1));
  });

  test("keeps a day that was published late until it could be replayed for 24 h", async () => {
    const late = [await write(-72, { published: -71 }), await write(-71, { published: -23 })];
    expect(await run()).toEqual({ done: true });
    expect(await left()).toEqual(late);
    time.now += 2 * HOUR_MS;
    expect(await run()).toEqual({ done: true });
    expect(await left()).toEqual([]);
  });

  test("never loses what was not published yet, however old", async () => {
    const waiting = [await write(-20 * 24, { published: -20 * 24 }), await write(-20 * 24)];
    expect(await run()).toEqual({ done: true });
    expect(await left()).toEqual(waiting);
    await host.database.owner`update outbox set published_at = ${new Date(time.now)} where published_at is null`;
    time.now += 25 * HOUR_MS;
    expect(await run()).toEqual({ done: true });
    expect(await left()).toEqual([]);
  });

  test("keeps of an old day what no queue was bound to, for a replay, and lets it go after a month", async () => {
    await write(-72, { published: -71 });
    const refused = await write(-72, { refused: true });
    expect(await run()).toEqual({ done: true });
    expect(await left()).toEqual([refused]);
    // Once more: the day that is left is no reason to make it anew each hour.
    const [before] = await host.database.owner`select ${`outbox_${day(-3).replaceAll("-", "")}`}::regclass::oid as oid`;
    expect(await run()).toEqual({ done: true });
    expect(await host.database.owner`select ${`outbox_${day(-3).replaceAll("-", "")}`}::regclass::oid as oid`).toEqual([
      before,
    ]);
    await host.database.owner`update outbox set refused = null where id = ${refused}`;
    expect(await run()).toEqual({ done: true });
    expect(await left()).toEqual([refused]);
    await host.database.owner`update outbox set refused = 'again' where id = ${refused}`;
    time.now += 32 * DAY_MS;
    expect(await run()).toEqual({ done: true });
    expect(await left()).toEqual([]);
  });

  const waitingForLocks = async (): Promise<number> => {
    const rows = await host.database.system`
      select 1 from pg_locks l join pg_stat_activity a using (pid) where not l.granted and a.datname = current_database()`;
    return rows.length;
  };

  test.skipIf(isOneConnection())("keeps a day that somebody writes into while it is looked at", async () => {
    // What it makes and drops otherwise is done: the only lock that it can wait for is that of the day.
    expect(await run()).toEqual({ done: true });
    await write(-72, { published: -71 });
    let id = "";
    let ran: Promise<unknown> | undefined;
    await host.database.owner.begin(async (tx) => {
      id = uuidv7(time.now - 72 * HOUR_MS);
      await tx`insert into outbox (id, type, version, correlation_id, data) values (${id}, 'a.b', 1, 'c', '{}')`;
      ran = run();
      while ((await waitingForLocks()) === 0);
    });
    expect(await ran).toEqual({ done: true });
    expect(await left()).toContain(id);
  });
});

test("the inbox remembers every message for 30 days, and older days go although they hold something", async () => {
  const claim = async (days_ago: number): Promise<void> => {
    await host.database.owner`
      insert into inbox (id, function) values (${uuidv7(time.now - days_ago * DAY_MS)}, 'ai.match-plate')`;
  };
  await makeDays(day(-40), day(-30));
  for (const days_ago of [0, 29, 30, 33, 40]) await claim(days_ago);
  expect(await run()).toEqual({ done: true });
  expect(await host.database.owner`select 1 from inbox`).toHaveLength(3);
  expect((await days("inbox"))[0]).toBe(day(-31));
});

describe("the audit trail", () => {
  /** A month each, with an act in it, back from so many months ago. Answers their days. */
  const months = async (from: number, count: number): Promise<string[]> => {
    const now = new Date(time.now);
    const first = (back: number): string =>
      new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1)).toISOString().slice(0, 10);
    const wanted = Array.from({ length: count }, (_, index) => from + index).toReversed();
    const { owner } = host.database;
    for (const back of wanted) {
      const name = `audit_log_${first(back).replaceAll("-", "").slice(0, 6)}`;
      await owner.unsafe(
        `create table if not exists ${name} partition of audit_log for values from ('${first(back)}Z') to ('${first(back - 1)}Z')`,
      );
      await audited(`${first(back)}T12:00:00Z`);
    }
    return wanted.map(first);
  };

  test("is kept for five years, whole months, and the older goes", async () => {
    const kept = await months(1, 58);
    await months(62, 2);
    expect(await run()).toEqual({ done: true });
    expect(await auditDays()).toEqual(kept);
  });

  test("loses nothing when so much is due that a clock must have jumped", async () => {
    const all = await months(1, 10);
    time.now += 5.5 * 365 * DAY_MS;
    expect(await run()).toMatchObject({ failed: true, reason: expect.stringContaining("retention.too_much") });
    expect(await auditDays()).toEqual(all);
    expect((await days("outbox")).at(-1)).toBe(day(8));
  });

  test("loses nothing when all of it is due", async () => {
    await audited(`${day(0)}T00:00:00Z`);
    time.now += 6 * 365 * DAY_MS;
    expect(await run()).toMatchObject({ failed: true });
    expect(await auditDays()).toHaveLength(1);
  });

  test("is kept for as long as whoever runs the database says, but no less than half a year", async () => {
    const set = (kept: number) =>
      host.database.owner`update partitioned_tables set kept_days = ${kept} where name = 'audit_log'`;
    await expect(set(30)).rejects.toThrow("partitioned_tables_audit");
    await set(365);
    const kept = await months(1, 11);
    await months(14, 1);
    expect(await run()).toEqual({ done: true });
    expect(await auditDays()).toEqual(kept);
  });
});

test("only the system may make and drop days, and of what cities' plans keep not even it drops a day that holds something", async () => {
  for (const call of [
    "gt_make_partitions('2030-01-01', '2030-01-01')",
    "gt_drop_empty_partitions('2030-01-01')",
    "gt_drop_oldest_partition('inbox', '2030-01-01')",
    "gt_drop_published_day('2030-01-01', now(), true)",
  ]) {
    await expect(host.database.app.unsafe(`select ${call}`)).rejects.toThrow("permission denied");
  }
  const { system } = host.database;
  await expect(system`select gt_drop_partitions('audit_log', '2030-01-01')`).rejects.toThrow("permission denied");
  await expect(system`select gt_drop_oldest_partition('recording_segments', '2030-01-01')`).rejects.toThrow(
    "does not go by its age",
  );
});
