import { afterAll, beforeAll, expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { uuidv7 } from "#lib/ids.ts";
import { testHost, type TestHost } from "#test/harness/host.ts";

const DAY_MS = 86_400_000;
let host: TestHost;
const time = { now: Date.now() };
beforeAll(async () => {
  host = await testHost(catalogue, { grants: { clock: () => new Date(time.now) } });
});
afterAll(() => host.close());

const run = () => host.host.runCron("keep-partitions", new Date(time.now));
const day = (offset: number): string => new Date(time.now + offset * DAY_MS).toISOString().slice(0, 10);
const days = async (table: string): Promise<string[]> => {
  const rows = await host.database.owner<{ day: string }[]>`select day::text as day from gt_partition_days(${table})`;
  return rows.map((row) => row.day);
};
const audited = (at: string) => host.database.owner`
  insert into audit_log (id, at, actor_kind, actor_id, action, result, correlation_id)
  values (${uuidv7()}, ${`${at}T12:00:00Z`}, 'system', 'test', 'test', 'done', 'test')`;

test("every partitioned table has the days to come, and a second run changes nothing", async () => {
  time.now += 5 * DAY_MS;
  const tables = await host.database.owner<{ name: string }[]>`select name from partitioned_tables order by name`;
  expect(tables.map(({ name }) => name)).toContain("recording_segments");
  expect(await run()).toEqual({ done: true });
  for (const { name } of tables) expect((await days(name)).at(-1)).toBe(day(8));
  const before = await days("recording_segments");
  expect(await run()).toEqual({ done: true });
  expect(await days("recording_segments")).toEqual(before);
});

test("a new day's partition is reached through its parent only: it carries no grant", async () => {
  await run();
  const partition = `recording_segments_${day(8).replaceAll("-", "")}`;
  await expect(host.database.system`select 1 from ${host.database.system(partition)}`).rejects.toThrow(
    "permission denied",
  );
});

test("old days that are empty go, up to the first that still holds something", async () => {
  const oldest = (await days("audit_log"))[0] as string;
  time.now = Date.parse(oldest) + 36 * DAY_MS;
  const held = day(-34);
  await audited(held);
  expect(await run()).toEqual({ done: true });
  expect((await days("audit_log"))[0]).toBe(held);
  expect((await days("recording_segments"))[0]).toBe(day(-32));
  expect(await host.database.owner`select 1 from audit_log where at < ${day(-32)}::date`).toHaveLength(1);
});

test("only the system may make and drop days", async () => {
  for (const call of [
    "gt_make_partitions('2030-01-01', '2030-01-01')",
    "gt_drop_partitions('audit_log', '2030-01-01')",
    "gt_drop_empty_partitions('2030-01-01')",
  ]) {
    await expect(host.database.app.unsafe(`select ${call}`)).rejects.toThrow("permission denied");
  }
});
