import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { noLog } from "#lib/log.ts";
import { eventually, handClock, never } from "#test/contracts/check.ts";
import { testDatabase, type TestDatabase } from "#test/harness/database.ts";
import type { RunPlanned } from "./deliver.ts";
import type { Outcome } from "./retry-rules.ts";
import { latestPlanned, nextPlanned, startScheduler, type Schedule } from "./schedule.ts";

const nightly: Schedule = {
  function: "streaming.delete-expired",
  schedule: "0 3 * * *",
  timezone: "America/Sao_Paulo",
  timeout_seconds: 60,
};
const DAY = 86_400_000;

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.close());
beforeEach(() => db.system`delete from scheduled_runs`);

/** Waits end at once; time passes only by hand. */
const quick = () => new Promise<void>((resolve) => setTimeout(resolve, 2));

const begin = (clock: () => Date, answer: () => Outcome | Promise<Outcome> = () => ({ status: 204, final: false })) => {
  const runs: string[] = [];
  const run: RunPlanned = async (_name, plannedFor) => {
    runs.push(plannedFor.toISOString());
    return answer();
  };
  const scheduler = startScheduler({ sql: db.system, schedules: [nightly], run, log: noLog, clock, wait: quick });
  return { runs, stop: scheduler.stop };
};
const rows = () => db.system`select planned_for, finished_at, fault from scheduled_runs order by planned_for`;
const known = () => eventually("it has looked", async () => (await rows()).length > 0);

test("a schedule is a wall clock's: three in the morning of the city, on the instant", () => {
  const at = (text: string) => new Date(text);
  expect(latestPlanned(nightly, at("2026-03-04T06:00:00.000Z"))).toEqual(at("2026-03-04T06:00:00.000Z"));
  expect(latestPlanned(nightly, at("2026-03-04T05:59:59.999Z"))).toEqual(at("2026-03-03T06:00:00.000Z"));
  expect(nextPlanned(nightly, at("2026-03-04T06:00:00.000Z"))).toEqual(at("2026-03-05T06:00:00.000Z"));
});

test("a run fires when it is due, once, with any number of connectors", async () => {
  const clock = handClock("2026-03-04T05:00:00.000Z");
  const all = [begin(clock.now), begin(clock.now), begin(clock.now)];
  await known();
  const fired = () => all.flatMap(({ runs }) => runs);
  await never("it fires early", () => fired().length > 0, 50);
  clock.pass(3_600_000);
  await eventually("it fires", () => fired().length === 1);
  await never("it fires twice", () => fired().length > 1, 50);
  expect(fired()).toEqual(["2026-03-04T06:00:00.000Z"]);
  await eventually("its end is written", async () => (await rows()).at(-1)?.["finished_at"] !== null);
  await Promise.all(all.map(({ stop }) => stop()));
});

test("what was planned before the very first start is not made up for", async () => {
  const { runs, stop } = begin(handClock("2026-03-04T12:00:00.000Z").now);
  await known();
  await never("it fires", () => runs.length > 0, 50);
  await stop();
});

test("after three missed nights the last one is made up for, and only that one", async () => {
  const clock = handClock("2026-03-04T12:00:00.000Z");
  const first = begin(clock.now);
  await known();
  await first.stop();
  clock.pass(3 * DAY);
  const { runs, stop } = begin(clock.now);
  await eventually("it is made up for", () => runs.length === 1);
  await never("the others too", () => runs.length > 1, 50);
  expect(runs[0]).toBe("2026-03-07T06:00:00.000Z");
  await stop();
});

test("a failing run is tried four times, and its fault is kept", async () => {
  const clock = handClock("2026-03-04T05:59:00.000Z");
  const { runs, stop } = begin(clock.now, () => ({ status: 500, final: false, reason: "disk" }));
  await known();
  clock.pass(60_000);
  await eventually("its end is written", async () => (await rows()).at(-1)?.["fault"] === "500: disk");
  expect(runs).toEqual(Array.from({ length: 4 }, () => "2026-03-04T06:00:00.000Z"));
  await stop();
});

test("a run whose process died in the middle is taken up again once it is stale", async () => {
  const clock = handClock("2026-03-04T12:00:00.000Z");
  await db.system`
    insert into scheduled_runs (function, planned_for, started_at)
    values (${nightly.function}, '2026-03-04T06:00:00Z', '2026-03-04T06:00:01Z')`;
  const { runs, stop } = begin(clock.now);
  await eventually("it is taken up", () => runs.length === 1);
  expect(runs[0]).toBe("2026-03-04T06:00:00.000Z");
  await stop();
});
