import { afterAll, beforeAll, expect, test } from "vitest";
import { eventOf } from "#test/contracts/broker.ts";
import { testDatabase, type TestDatabase } from "#test/harness/database.ts";
import { workTable, type Claimed } from "./work-table.ts";

const QUEUE = "streaming.cut-clip";
let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.close());

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
