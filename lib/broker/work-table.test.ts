import { afterAll, beforeAll, expect, test } from "vitest";
import { connectSql, type Sql } from "#lib/db/connect.ts";
import { eventOf } from "#test/contracts/broker-bench.ts";
import { testDatabase, type TestDatabase } from "#test/harness/database.ts";
import { dueOf, workTable, type Claimed } from "./work-table.ts";

const QUEUE = "streaming.cut-clip";
const WAITING = 100_000;

let db: TestDatabase;
/** One connection, so that what it has read is asked where it was read. */
let sql: Sql;
beforeAll(async () => {
  db = await testDatabase();
  sql = connectSql(db.urls.system, { max: 1 });
});
afterAll(async () => {
  await sql.end({ timeout: 1 });
  await db.close();
});

test("who lost the hold of a message settles nothing, whatever the answer; the new holder's counts", async () => {
  const time = { now: Date.now() };
  const table = workTable(db.system, () => new Date(time.now), 30_000);
  const claim = async (): Promise<Claimed> => {
    const [claimed] = await table.claim(QUEUE, 1);
    if (!claimed) throw new Error("nothing is due");
    return claimed;
  };
  await table.add([{ queue: QUEUE, lane: null, event: eventOf("clip.requested") }]);
  const first = await claim();
  time.now += 31_000;
  const second = await claim();
  expect(BigInt(second.token)).toBeGreaterThan(BigInt(first.token));
  for (const late of [
    { done: true },
    { dead: true, reason: "late" },
    { retry: true, delay_seconds: 1, reason: "late" },
    { park: true, delay_seconds: 60, reason: "late" },
  ] as const) {
    expect(await table.settle(first, late, null)).toBe(false);
  }
  expect(await table.depths()).toMatchObject([{ queue: QUEUE, waiting: 0, held: 1, parked: 0, dead: 0 }]);
  expect(await table.settle(second, { done: true }, null)).toBe(true);
  expect(await table.depths()).toEqual([]);
});

const rowsRead = async (): Promise<number> => {
  await sql`select pg_stat_force_next_flush()`;
  await sql`select pg_stat_clear_snapshot()`;
  const [row] = await sql<{ read: number }[]>`
    select seq_tup_read + coalesce(idx_tup_fetch, 0) as read from pg_stat_user_tables where relname = 'work'`;
  return row?.read ?? 0;
};

test(
  "adding, claiming, asking and settling read the rows that they are about and no other, however many wait",
  { timeout: 90_000 },
  async () => {
    await db.owner`
    insert into work (queue, event_id, event, run_at, published_at)
    select ${QUEUE}, gen_random_uuid(), '{"type": "clip.requested"}', now(), now() from generate_series(1, ${WAITING}::int)`;
    await db.owner`vacuum analyze work`;
    const table = workTable(sql, undefined, 30_000);
    // The first time plans are made; the second time they are used.
    for (let round = 0; round < 2; round++) {
      const before = await rowsRead();
      await table.add([{ queue: QUEUE, lane: null, event: eventOf("clip.requested") }]);
      const claimed = await table.claim(QUEUE, 4);
      expect(claimed).toHaveLength(4);
      await table.due([QUEUE]);
      await table.renew(claimed);
      for (const held of claimed) await table.settle(held, { done: true }, null);
      expect((await rowsRead()) - before).toBeLessThan(100);
    }
  },
);

test("how many are claimed stands in the statement: a plan that is made once would take a parameter for a tenth of the table", async () => {
  const { string } = await dueOf(sql, QUEUE, 4, sql`now()`).describe();
  expect(string).toMatch(/limit 4 for update skip locked$/);
});
