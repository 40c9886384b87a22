import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Broker } from "#lib/broker/broker.ts";
import { connectBroker } from "#lib/broker/connect.ts";
import { postgresBroker, type PostgresBroker } from "#lib/broker/postgres.ts";
import { dueOf } from "#lib/broker/work-table.ts";
import { connectSql } from "#lib/db/connect.ts";
import { testDatabase, type TestDatabase } from "#test/harness/database.ts";
import { isMissing, present, serverFor, titled } from "#test/harness/servers/use.ts";
import { arrayBroker, nothingKept } from "./adapters/array-broker.ts";
import { rabbitmqBenches, type RabbitmqBenches } from "./adapters/rabbitmq-broker.ts";
import { brokenBrokers } from "./broken/brokers.ts";
import { eventOf, queues, type BrokerBench } from "./broker-bench.ts";
import { brokerChecks } from "./broker.ts";
import { eventually, handClock, mustFail } from "./check.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.close());

const PACE = { busy_ms: 10, idle_ms: 20, drain_ms: 50 };

const postgresBench = async (): Promise<BrokerBench> => {
  await db.system`delete from work`;
  await db.system`delete from dead_letters`;
  const clock = handClock();
  const errors: unknown[] = [];
  const open = () => {
    const sql = connectSql(db.urls.system, { max: 3, application_name: "broker" });
    const on_error = (error: unknown) => void errors.push(error);
    return { sql, broker: postgresBroker(sql, { queues, clock: clock.now, on_error, pace: PACE }) };
  };
  const all = [open()];
  const [first] = all;
  return {
    broker: first!.broker,
    another: async () => {
      all.push(open());
      return all.at(-1)!.broker;
    },
    // Its connections are gone, and with them whatever it would have said.
    kill: () => first!.sql.end({ timeout: 0 }),
    pass: async (ms) => clock.pass(ms),
    now: () => clock.now().getTime(),
    watch_ms: 150,
    lapse: async () => clock.pass(31_000),
    close: async () => {
      await Promise.all(all.map(({ broker }) => broker.close()));
      await Promise.all(all.map(({ sql }) => sql.end({ timeout: 1 })));
    },
  };
};

const arrayBench = async (): Promise<BrokerBench> => {
  const clock = handClock();
  const kept = nothingKept();
  const open = () => arrayBroker(kept, queues, () => clock.now().getTime());
  const first = open();
  const all: Broker[] = [first];
  return {
    broker: first,
    another: async () => {
      all.push(open());
      return all.at(-1)!;
    },
    kill: async () => first.kill(),
    pass: async (ms) => clock.pass(ms),
    now: () => clock.now().getTime(),
    watch_ms: 150,
    lapse: async () => void (kept.lapsed = kept.tokens),
    close: async () => {
      await Promise.all(all.map((broker) => broker.close()));
    },
  };
};

const rabbitmq = await serverFor("rabbitmq");

describe.skipIf(isMissing(rabbitmq))(titled("broker: rabbitmq", "rabbitmq", rabbitmq), () => {
  let benches: RabbitmqBenches;
  beforeAll(async () => {
    benches = await rabbitmqBenches(present(rabbitmq), queues);
  });
  afterAll(() => benches.remove());
  for (const { title, run } of brokerChecks) test(title, () => run(benches.make));
});

for (const [name, make] of Object.entries({ postgres: postgresBench, "array (test only)": arrayBench })) {
  describe(`broker: ${name}`, () => {
    for (const { title, run } of brokerChecks) test(title, () => run(make));
  });
}

describe("broker: the contract notices a broker that", () => {
  for (const broken of brokenBrokers) test.concurrent(broken.name, () => mustFail(brokerChecks, broken));
});

describe("broker: work table", () => {
  const open = async (options: Parameters<typeof postgresBroker>[1]): Promise<PostgresBroker> => {
    await db.system`delete from work`;
    await db.system`delete from dead_letters`;
    return postgresBroker(db.system, options);
  };
  const clip = () => eventOf("clip.requested");

  test("a message whose holder went away five times is dead, its neighbours are not", async () => {
    const clock = handClock();
    const broker = await open({ queues, clock: clock.now, pace: PACE });
    await broker.publish([clip()]);
    await db.system`update work set state = 'held', lapses = 4, run_at = ${clock.now()}`;
    await broker.publish([clip()]);
    clock.pass(1000);
    const consumer = await broker.consume("streaming.cut-clip", async () => ({ done: true }));
    await eventually("both are settled", async () => (await db.system`select 1 from work`).length === 0);
    expect(await broker.deadLetters("streaming.cut-clip", 5)).toMatchObject([
      { reason: "Its holder went away 5 times" },
    ]);
    await consumer.stop();
    await broker.close();
  });

  test("the same message published again while it waits is one message", async () => {
    const broker = await open({ queues, pace: PACE });
    const [once, other] = [clip(), clip()];
    await broker.publish([once]);
    await broker.publish([once, other, once]);
    const depth = (await broker.depths()).find(({ queue }) => queue === "streaming.cut-clip");
    expect(depth?.waiting).toBe(2);
    const got: string[] = [];
    await broker.consume("streaming.cut-clip", async ({ event }) => (got.push(event.id), { done: true }));
    await eventually("both are done", async () => (await db.system`select 1 from work`).length === 0);
    expect(got.toSorted()).toEqual([once.id, other.id].toSorted());
    await broker.close();
  });

  test("a hold is renewed while its handler works: nobody else gets the message", async () => {
    const broker = await open({ queues, pace: { ...PACE, lease_ms: 150 } });
    const gate = Promise.withResolvers<{ done: true }>();
    let handed = 0;
    await broker.consume("streaming.cut-clip", () => (handed++, gate.promise));
    await broker.publish([clip()]);
    const firstEnd = await eventually("it is held", async () => {
      const [row] = await db.system`select run_at from work where state = 'held'`;
      return row?.["run_at"] as Date | undefined;
    });
    await eventually("its lease was renewed beyond twice its length", async () => {
      const [row] = await db.system`select run_at from work`;
      return row !== undefined && (row["run_at"] as Date).getTime() > firstEnd.getTime() + 300;
    });
    expect(handed).toBe(1);
    gate.resolve({ done: true });
    await eventually("it is done", async () => (await db.system`select 1 from work`).length === 0);
    await broker.close();
  });

  test("a waiting consumer of the same process is woken by a publish, not by its poll", async () => {
    const published: (readonly string[])[] = [];
    const on_publish = (names: readonly string[]) => void published.push(names);
    const broker = await open({ queues, on_publish, pace: { busy_ms: 60_000, idle_ms: 60_000, drain_ms: 50 } });
    let handed = 0;
    await broker.consume("streaming.cut-clip", async () => (handed++, { done: true }));
    await broker.publish([clip()]);
    await eventually("it arrives", () => handed === 1);
    expect(published).toEqual([["streaming.cut-clip"]]);
    await broker.close();
  });

  test("a queue that no longer keeps order lets go of what waited for its turn", async () => {
    const follow = { name: "streaming.follow", types: ["recording.started"] };
    const ordered = await open({ queues: [{ ...follow, ordered: true }], pace: PACE });
    await ordered.publish([eventOf("recording.started", "1", "a"), eventOf("recording.started", "2", "a")]);
    await ordered.close();
    const broker = postgresBroker(db.system, { queues: [follow], pace: PACE });
    await broker.consume("streaming.follow", async () => ({ done: true }));
    await eventually("both are done", async () => (await db.system`select 1 from work`).length === 0);
    await broker.close();
  });

  test("an outage of the database is `unavailable` to who publishes", async () => {
    const sql = connectSql("postgres://gt_system:x@127.0.0.1:1/none", { max: 1 });
    const broker = postgresBroker(sql, { queues, on_error: () => undefined });
    await expect(broker.publish([clip()])).rejects.toMatchObject({ code: "unavailable" });
    await broker.close();
    await sql.end({ timeout: 0 });
  });

  test("a claim reads its rows from the index in order, however many wait", { timeout: 60_000 }, async () => {
    const broker = await open({ queues, pace: PACE });
    // One instant for all: only an index that ends with the tie-breaker finds the first without sorting the rest.
    await db.system`
      insert into work (queue, event_id, event, run_at, published_at)
      select 'streaming.cut-clip', gen_random_uuid(), '{"type": "clip.requested"}', now(), now()
      from generate_series(1, 200000)`;
    await db.owner`analyze work`;
    const [row] = await db.system`explain (format json) ${dueOf(db.system, "streaming.cut-clip", 4, db.system`now()`)}`;
    const plan = JSON.stringify(row);
    expect(plan).toContain("work_due");
    expect(plan).not.toContain("Sort");
    await db.owner`truncate work`;
    await broker.close();
  });

  test("functions have no access to the queues", async () => {
    await expect(db.app`select 1 from work`).rejects.toThrow("permission denied");
    await expect(db.app`select 1 from dead_letters`).rejects.toThrow("permission denied");
  });
});

test("an unknown scheme is refused by naming those that exist", async () => {
  await expect(connectBroker("carrier-pigeon://x", { queues })).rejects.toThrow("postgres:");
});
