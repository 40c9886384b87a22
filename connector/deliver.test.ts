import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { postgresBroker } from "#lib/broker/postgres.ts";
import { noLog } from "#lib/log.ts";
import { eventOf } from "#test/contracts/broker-bench.ts";
import { eventually, handClock, never } from "#test/contracts/check.ts";
import { testDatabase, type TestDatabase } from "#test/harness/database.ts";
import { startDeliveries, type Deliver } from "./deliver.ts";
import { settlementOf } from "./retry-rules.ts";

const NAME = "streaming.cut-clip";
const spec = { name: NAME, types: ["clip.requested"], timeout_seconds: 60 };

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.close());
beforeEach(async () => {
  await db.system`delete from work`;
  await db.system`delete from dead_letters`;
});

type Options = {
  clock?: () => Date;
  wait?: (ms: number) => Promise<void>;
  lease_ms?: number;
  timeout_seconds?: number;
};
const begin = async (deliver: Deliver, options: Options = {}) => {
  const { timeout_seconds = 60, lease_ms = 30_000, ...time } = options;
  const clock = time.clock ? { clock: time.clock } : {};
  const broker = postgresBroker(db.system, {
    queues: [spec],
    pace: { busy_ms: 10, drain_ms: 100, lease_ms },
    ...clock,
  });
  const queues = [{ name: NAME, timeout_seconds }];
  const deliveries = await startDeliveries({ broker, queues, deliver, log: noLog, ...time });
  const stop = async (): Promise<void> => {
    await deliveries.stop();
    await broker.close();
  };
  return { broker, deliveries, stop };
};

describe("what an answer means", () => {
  const after = (status: number, attempt = 1, final = false) => settlementOf({ status, final, reason: "r" }, attempt);

  test.each([200, 202, 204])("%i is done", (status) => expect(after(status)).toEqual({ done: true }));
  test.each([503, 429])("%i parks for a minute, however often", (status) => {
    expect(after(status)).toEqual({ park: true, delay_seconds: 60, reason: `${status}: r` });
    expect(after(status, 4)).toMatchObject({ park: true });
  });
  test("503 that says when to come again is parked so long, but never longer than a minute", () => {
    const parked = (retry_after_seconds: number) => settlementOf({ status: 503, final: false, retry_after_seconds }, 1);
    expect([5, 0, 3600].map(parked)).toMatchObject([{ delay_seconds: 5 }, { delay_seconds: 1 }, { delay_seconds: 60 }]);
  });
  test("500 with x-final is dead at once", () => {
    expect(after(500, 1, true)).toEqual({ dead: true, reason: "refused for good, 500: r" });
  });
  test.each([500, 504, 404, 400, 302])("%i is tried again after 1, 2 and 4 s and then dead", (status) => {
    expect([1, 2, 3].map((attempt) => after(status, attempt))).toMatchObject([
      { retry: true, delay_seconds: 1 },
      { retry: true, delay_seconds: 2 },
      { retry: true, delay_seconds: 4 },
    ]);
    expect(after(status, 4)).toEqual({ dead: true, reason: `failed 4 times, last with ${status}: r` });
  });
});

test("a function that always fails is asked at 0, 1, 3 and 7 s, then its message is dead with the reason", async () => {
  const clock = handClock();
  const start = clock.now().getTime();
  const asked: { at: number; attempt: number }[] = [];
  const { broker, deliveries, stop } = await begin(
    async (_name, _event, attempt) => {
      asked.push({ at: (clock.now().getTime() - start) / 1000, attempt });
      return { status: 500, final: false, reason: "cannot cut" };
    },
    { clock: clock.now },
  );
  const event = eventOf("clip.requested");
  await broker.publish([event]);
  // A tenth of a second at a time, and not before the table has been looked at.
  const [letter] = await eventually(
    "it is dead",
    async () => {
      const [row] = await db.system`select state = 'held' as held, run_at from work`;
      if (row && !row["held"] && (row["run_at"] as Date) > clock.now()) clock.pass(100);
      const letters = await broker.deadLetters(NAME, 1);
      return letters.length > 0 ? letters : null;
    },
    20_000,
  );
  expect(asked.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
  for (const [n, planned] of [0, 1, 3, 7].entries()) expect(Math.abs(asked[n]!.at - planned)).toBeLessThanOrEqual(0.3);
  expect(letter).toMatchObject({ attempts: 4, reason: "failed 4 times, last with 500: cannot cut" });
  expect(letter?.event).toEqual(event);
  expect(deliveries.counts()).toEqual({ [NAME]: { done: 0, retried: 3, parked: 0, dead: 1 } });
  await stop();
});

test("the same in real time, within half a second", async () => {
  const asked: number[] = [];
  const { broker, stop } = await begin(async () => {
    asked.push(performance.now());
    return { status: 500, final: false };
  });
  await broker.publish([eventOf("clip.requested")]);
  await eventually("it is dead", async () => (await broker.deadLetters(NAME, 1)).length === 1, 15_000);
  const times = asked.map((at) => (at - asked[0]!) / 1000);
  expect(times).toHaveLength(4);
  for (const [n, planned] of [0, 1, 3, 7].entries()) expect(Math.abs(times[n]! - planned)).toBeLessThan(0.5);
  await stop();
});

describe("while a function, or what it needs, is down", () => {
  const quick = () => new Promise<void>((resolve) => setTimeout(resolve, 2));
  const down = { status: 503, final: false };
  const done = { status: 204, final: false };
  /** Holds are not renewed by a clock that jumps. */
  const patient = () => {
    const clock = handClock();
    return { clock, options: { clock: clock.now, wait: quick, lease_ms: 86_400_000 } };
  };

  test("for ten minutes: one message a minute asks for all, none is dead, no attempt counts, all drain", async () => {
    const { clock, options } = patient();
    const asked: { at: number; attempt: number }[] = [];
    let isDown = true;
    const { broker, deliveries, stop } = await begin(async (_name, _event, attempt) => {
      asked.push({ at: clock.now().getTime(), attempt });
      return isDown ? down : done;
    }, options);
    const start = clock.now().getTime();
    await broker.publish(Array.from({ length: 40 }, () => eventOf("clip.requested")));
    const depth = async () => (await broker.depths())[0]!;
    // Four are asked at once, so some are under way when the fifth refusal is heard.
    await eventually("it is spared", () => deliveries.spared().length === 1);
    await never("more are asked", () => asked.length > 8, 100);
    for (let minute = 1; minute <= 10; minute++) {
      clock.pass(60_000);
      await eventually("one asks", () => asked.filter(({ at }) => at === start + minute * 60_000).length === 1);
    }
    await never("another asks", () => asked.filter(({ at }) => at > start).length > 10, 100);
    const { waiting, held, parked, dead } = await depth();
    expect([waiting + held + parked, dead]).toEqual([40, 0]);
    isDown = false;
    await eventually("all are done", async () => {
      clock.pass(10_000);
      const left = await depth();
      return left.waiting + left.held + left.parked === 0;
    });
    expect(deliveries.spared()).toEqual([]);
    expect(new Set(asked.map(({ attempt }) => attempt))).toEqual(new Set([1]));
    expect((await depth()).dead).toBe(0);
    await stop();
  });

  test("who says when to come again is asked then", async () => {
    const { clock, options } = patient();
    let asked = 0;
    const { broker, deliveries, stop } = await begin(
      async () => (++asked > 8 ? done : { ...down, retry_after_seconds: 5 }),
      options,
    );
    await broker.publish(Array.from({ length: 12 }, () => eventOf("clip.requested")));
    await eventually("it is spared", () => deliveries.spared().length === 1);
    await eventually("all are done", async () => {
      clock.pass(5000);
      return deliveries.counts()[NAME]?.done === 12;
    });
    await stop();
  });

  test("messages that came too early are parked, and hold back no other", async () => {
    const early = Array.from({ length: 20 }, () => eventOf("clip.requested", "early"));
    const others = Array.from({ length: 20 }, () => eventOf("clip.requested"));
    const { broker, deliveries, stop } = await begin(async (_name, event) =>
      event.data["name"] === "early" ? { ...down, only: "message" } : done,
    );
    await broker.publish([...early, ...others]);
    await eventually("all have been looked at", async () => {
      const { parked, waiting, held } = (await broker.depths())[0]!;
      return parked === 20 && waiting + held === 0;
    });
    expect(deliveries.counts()[NAME]).toEqual({ done: 20, retried: 0, parked: 20, dead: 0 });
    expect(deliveries.spared()).toEqual([]);
    await stop();
  });

  test("of many messages about what somebody holds one at a time asks, and others go by", async () => {
    const { clock, options } = patient();
    const about = (subject: string) => ({ ...eventOf("clip.requested"), subject });
    const held = Array.from({ length: 40 }, () => about("held"));
    const others = Array.from({ length: 20 }, () => about("free"));
    let [isHeld, asked] = [true, 0];
    const { broker, deliveries, stop } = await begin(async (_name, event) => {
      if (event.subject !== "held") return done;
      asked++;
      return isHeld ? { ...down, only: "subject", retry_after_seconds: 5 } : done;
    }, options);
    await broker.publish([...held, ...others]);
    await eventually("the others are done", () => deliveries.counts()[NAME]?.done === 20);
    await eventually("they wait", async () => (await broker.depths())[0]!.parked === 40);
    // As many as are in hand at once, before the first was answered.
    expect(asked).toBeLessThanOrEqual(4);
    const first = asked;
    clock.pass(5000);
    await eventually("one asks again", () => asked === first + 1);
    await never("more ask", () => asked > first + 1, 100);
    expect(deliveries.spared()).toEqual([]);
    isHeld = false;
    await eventually("all are done", async () => {
      clock.pass(5000);
      return deliveries.counts()[NAME]?.done === 60;
    });
    await stop();
  });

  test("a stop does not wait for it, and every message is there afterwards, untouched", async () => {
    const { broker, deliveries, stop } = await begin(async () => down);
    await broker.publish(Array.from({ length: 12 }, () => eventOf("clip.requested")));
    await eventually("it is spared", () => deliveries.spared().length === 1);
    await stop();
    const left = await db.system`select attempts, lapses, state from work`;
    expect(left.map(({ attempts, lapses }) => [attempts, lapses])).toEqual(Array.from({ length: 12 }, () => [0, 0]));
    expect(left.filter(({ state }) => state === "held")).toEqual([]);
  });

  test("a function that fails is not down: each of its messages is asked about", async () => {
    const asked = new Set<string>();
    const { broker, deliveries, stop } = await begin(async (_name, event) => {
      asked.add(event.id);
      return { status: 500, final: false };
    });
    await broker.publish(Array.from({ length: 12 }, () => eventOf("clip.requested")));
    await eventually("all were asked about", () => asked.size === 12);
    expect(deliveries.spared()).toEqual([]);
    await stop();
  });
});

test("a message refused for good is dead at once, and redrive gives it back from the first attempt", async () => {
  let isFixed = false;
  const attempts: number[] = [];
  const { broker, stop } = await begin(async (_name, _event, attempt) => {
    attempts.push(attempt);
    return isFixed ? { status: 204, final: false } : { status: 500, final: true, reason: "no such picture" };
  });
  await broker.publish([eventOf("clip.requested")]);
  const [letter] = await eventually("it is dead", async () => {
    const letters = await broker.deadLetters(NAME, 1);
    return letters.length > 0 ? letters : null;
  });
  expect(letter).toMatchObject({ attempts: 1, reason: "refused for good, 500: no such picture" });
  isFixed = true;
  expect(await broker.redrive({ queue: NAME })).toBe(1);
  await eventually("it is done", async () => (await db.system`select 1 from work`).length === 0);
  expect(attempts).toEqual([1, 1]);
  await stop();
});

test("a function that does not answer in time has failed, and is told to stop", async () => {
  const told = Promise.withResolvers<string>();
  const { broker, stop } = await begin(
    (_name, _event, attempt, signal) => {
      signal.addEventListener("abort", () => told.resolve(String((signal.reason as Error).message)));
      return attempt === 1 ? new Promise(() => undefined) : Promise.resolve({ status: 204, final: false });
    },
    { timeout_seconds: 0.05 },
  );
  await broker.publish([eventOf("clip.requested")]);
  await eventually("the second attempt is done", async () => (await db.system`select 1 from work`).length === 0);
  expect(await told.promise).toBe("No answer within 0.05 s");
  await stop();
});

test("a stop tells the functions that still run, and their messages go back", async () => {
  const running = Promise.withResolvers<void>();
  const told = Promise.withResolvers<void>();
  const { broker, stop } = await begin((_name, _event, _attempt, signal) => {
    running.resolve();
    signal.addEventListener("abort", () => told.resolve());
    return new Promise(() => undefined);
  });
  await broker.publish([eventOf("clip.requested")]);
  await running.promise;
  await stop();
  await told.promise;
  expect(await db.system`select state, attempts from work`).toMatchObject([{ state: "waiting", attempts: 0 }]);
});
