import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Broker } from "#lib/broker/broker.ts";
import { connectBroker } from "#lib/broker/connect.ts";
import { eventOf } from "#test/contracts/broker-bench.ts";
import { eventually } from "#test/contracts/check.ts";
import { testDatabase, type TestDatabase } from "#test/harness/database.ts";
import { withLongWork } from "./long-work.ts";

const LONG = "streaming.cut-clip";
const SHORT = "ai.match-plate";
const queues = [
  { name: LONG, types: ["clip.requested"], timeout_seconds: 600 },
  { name: SHORT, types: ["lpr.detected"], timeout_seconds: 60 },
];

/** Two databases: the one's queues are a broker elsewhere, which knows nothing of the other's work table. */
let here: TestDatabase;
let elsewhere: TestDatabase;
let broker: Broker;
let whole: Broker;
beforeAll(async () => {
  [here, elsewhere] = await Promise.all([testDatabase(), testDatabase()]);
});
afterAll(() => Promise.all([here.close(), elsewhere.close()]));
beforeEach(async () => {
  for (const db of [here, elsewhere]) await db.owner`truncate work, dead_letters`;
  broker = await connectBroker(elsewhere.urls.system, { queues, pace: { busy_ms: 10, idle_ms: 20 } });
  whole = await withLongWork(broker, { sql: here.system, queues });
});
afterEach(async () => {
  await whole.close();
  await broker.close();
});

const depthOf = async (one: Broker, queue: string) => (await one.depths()).find((depth) => depth.queue === queue)!;

test("while long work is done its broker holds nothing; its lease is in the work table", async () => {
  const gate = Promise.withResolvers<void>();
  let begun = 0;
  await whole.publish([eventOf("clip.requested")]);
  const consumer = await whole.consume(LONG, async () => {
    begun++;
    await gate.promise;
    return { done: true };
  });
  await eventually("it is under way", () => begun === 1);
  await eventually(
    "the broker has let go of it",
    async () => (await elsewhere.system`select 1 from work`).length === 0,
  );
  expect(await here.system`select state from work`).toEqual([{ state: "held" }]);
  expect(await depthOf(whole, LONG)).toMatchObject({ waiting: 0, held: 1, dead: 0 });
  gate.resolve();
  await eventually("it is done", async () => (await here.system`select 1 from work`).length === 0);
  await consumer.stop();
});

test("what is soon done stays a message of the broker", async () => {
  await whole.publish([eventOf("lpr.detected")]);
  const consumer = await whole.consume(SHORT, async () => ({ dead: true, reason: "no" }));
  await eventually("it is dead", async () => (await depthOf(broker, SHORT)).dead === 1);
  expect(await here.system`select 1 from dead_letters`).toEqual([]);
  await consumer.stop();
});

test("attempts of long work are counted in the work table, and its dead are listed and put back like any other's", async () => {
  const attempts: number[] = [];
  await whole.publish([eventOf("clip.requested"), eventOf("lpr.detected")]);
  const long = await whole.consume(LONG, async ({ attempt }) => {
    attempts.push(attempt);
    if (attempt === 1) return { retry: true, delay_seconds: 0.01, reason: "once more" };
    return { dead: true, reason: "no" };
  });
  const short = await whole.consume(SHORT, async () => ({ dead: true, reason: "no" }));
  const dead = async () => (await whole.depths()).reduce((sum, depth) => sum + depth.dead, 0);
  await eventually("both are dead", async () => (await dead()) === 2);
  await Promise.all([long.stop(), short.stop()]);
  expect(attempts).toEqual([1, 2]);
  const [letter] = await whole.deadLetters(LONG, 5);
  expect(letter).toMatchObject({ queue: LONG, attempts: 2, reason: "no" });
  expect(await whole.redrive({ queue: SHORT })).toBe(1);
  expect(await whole.redrive({ id: letter!.id })).toBe(1);
  expect(await whole.redrive("all")).toBe(0);
  expect(await dead()).toBe(0);
});

test("while the work table cannot be reached its messages stay with the broker, parked", async () => {
  const lost = await testDatabase();
  const stranded = await withLongWork(broker, { sql: lost.system, queues, on_error: () => undefined });
  const consumer = await stranded.consume(LONG, async () => ({ done: true }));
  await lost.close();
  await broker.publish([eventOf("clip.requested")]);
  await eventually("it is parked", async () => (await depthOf(broker, LONG)).parked === 1, 10_000);
  expect(await elsewhere.system`select attempts from work`).toEqual([{ attempts: 0 }]);
  await consumer.stop();
  await stranded.close();
});

test("where queues are tables of this database already nothing moves", async () => {
  const own = await connectBroker("postgres:", { queues, sql: here.system });
  const same = await withLongWork(own, { sql: here.system, queues });
  expect(same.consume).toBe(own.consume);
  await own.close();
});
