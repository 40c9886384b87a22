import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Broker } from "#lib/broker/broker.ts";
import { connectBroker } from "#lib/broker/connect.ts";
import { eventOf, queues } from "#test/contracts/broker-bench.ts";
import { eventually } from "#test/contracts/check.ts";
import { testDatabase, type TestDatabase } from "#test/harness/database.ts";
import { redrive } from "./redrive.ts";

const CLIP = "streaming.cut-clip";
let db: TestDatabase;
let broker: Broker;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.close());
beforeEach(async () => {
  broker = await connectBroker(db.urls.system, { queues });
  await db.owner`truncate work, dead_letters, audit_log`;
});
afterEach(() => broker.close());

const run = (...args: string[]): Promise<string> => redrive(db.system, broker, args);
const audited = () => db.owner`select action, details from audit_log order by at, id`;

/** One dead letter for each reason. */
const die = async (...reasons: string[]): Promise<void> => {
  await broker.publish(reasons.map((reason) => eventOf("clip.requested", reason)));
  const consumer = await broker.consume(CLIP, async ({ event }) => ({
    dead: true,
    reason: String(event.data["name"]),
  }));
  await eventually("all are dead", async () => (await broker.deadLetters(CLIP, 100)).length === reasons.length);
  await consumer.stop();
};

test("dead letters are listed with their reasons, put back, and the act is in the audit trail with who did it", async () => {
  await die("no such camera", "no such camera");
  expect(await run("--list", CLIP)).toContain('"reason":"no such camera"');
  expect(await run("--queue", CLIP)).toBe("2 dead letters are back in their queues");
  expect(await run("--all")).toBe("0 dead letters are back in their queues");
  const by = expect.stringMatching(/./);
  expect(await audited()).toMatchObject([
    { action: "redrive", details: { which: { queue: CLIP }, count: 2, by } },
    { action: "redrive", details: { which: "all", count: 0, by } },
  ]);
});

test("one is put back by its id, the others stay dead", async () => {
  await die("a", "b");
  const [letter] = await broker.deadLetters(CLIP, 1);
  expect(await run("--id", letter!.id)).toBe("1 dead letters are back in their queues");
  expect(await run("--id", letter!.id)).toBe("0 dead letters are back in their queues");
  expect(await broker.deadLetters(CLIP, 10)).toHaveLength(1);
});

test("those with a reason in common are listed and put back, the others stay dead", async () => {
  await die("disk full on node 1", "no such camera", "disk full on node 2");
  expect((await run("--list", CLIP, "--reason", "disk full")).split("\n")).toHaveLength(2);
  expect(await run("--queue", CLIP, "--reason", "disk full")).toBe("2 dead letters are back in their queues");
  expect((await broker.deadLetters(CLIP, 10)).map(({ reason }) => reason)).toEqual(["no such camera"]);
  expect(await audited()).toMatchObject([{ details: { which: { queue: CLIP, reason: "disk full" }, count: 2 } }]);
});

test("a dry run says how many they would be, moves nothing and leaves no trace", async () => {
  await die("a", "b", "b");
  expect(await run("--all", "--dry-run")).toBe("3 dead letters would go back");
  expect(await run("--queue", CLIP, "--dry-run")).toBe("3 dead letters would go back");
  expect(await run("--queue", CLIP, "--reason", "b", "--dry-run")).toBe("2 dead letters would go back");
  expect(await run("--queue", "ai.match-plate", "--dry-run")).toBe("0 dead letters would go back");
  const [letter] = await broker.deadLetters(CLIP, 1);
  expect(await run("--id", letter!.id, "--dry-run")).toBe("1 dead letters would go back");
  expect(await run("--id", crypto.randomUUID(), "--dry-run")).toBe("0 dead letters would go back");
  expect(await broker.deadLetters(CLIP, 10)).toHaveLength(3);
  expect(await audited()).toEqual([]);
});

test("of 10 000 dead letters that two redrive at once each is back once, and both acts say how many were theirs", async () => {
  const count = 10_000;
  await db.system`
    insert into dead_letters (queue, event_id, event, attempts, reason, published_at, died_at)
    select ${CLIP}, id, jsonb_build_object('id', id, 'type', 'clip.requested'), 4, 'no', now(), now()
    from (select gen_random_uuid() as id from generate_series(1, ${count}::int)) as made`;
  const other = await connectBroker(db.urls.system, { queues });
  const answers = await Promise.all([run("--queue", CLIP), redrive(db.system, other, ["--queue", CLIP])]);
  await other.close();
  const counts = answers.map((answer) => Number.parseInt(answer, 10));
  expect(counts[0]! + counts[1]!).toBe(count);
  expect(await db.system`select count(*)::int as rows, count(distinct event_id)::int as events from work`).toEqual([
    { rows: count, events: count },
  ]);
  expect(await broker.deadLetters(CLIP, 1)).toEqual([]);
  const told = (await audited()).map(({ details }) => (details as { count: number }).count);
  const rising = (a: number, b: number): number => a - b;
  expect(told.toSorted(rising)).toEqual(counts.toSorted(rising));
});

test("arguments that make no sense are refused with what to say instead", async () => {
  for (const args of [[], ["--all", "--queue", CLIP], ["--reason", "x"], ["--all", "--reason", "x"]])
    await expect(run(...args)).rejects.toThrow("npm run redrive -- --queue QUEUE");
});
