import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { AppError } from "#lib/errors.ts";
import type { CloudEvent } from "#lib/events.ts";
import type { Broker } from "#lib/broker/broker.ts";
import { connectBroker } from "#lib/broker/connect.ts";
import { connectSql } from "#lib/db/connect.ts";
import { withTenant } from "#lib/db/transaction.ts";
import { uuidv7 } from "#lib/ids.ts";
import { noLog } from "#lib/log.ts";
import { eventOf, queues } from "#test/contracts/broker-bench.ts";
import { eventually } from "#test/contracts/check.ts";
import { isOneConnection, testDatabase, type TestDatabase } from "#test/harness/database.ts";
import { relayBatch, relayCounts, startRelay } from "./relay.ts";
import { replay } from "./replay.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.close());
afterEach(() => db.owner`delete from outbox`);

/** Keeps what it is given; `refuse` may throw instead. */
const listener = (refuse: (events: readonly CloudEvent[]) => void = () => undefined) => {
  const got: CloudEvent[] = [];
  const publish = async (events: readonly CloudEvent[]): Promise<void> => {
    refuse(events);
    got.push(...events);
  };
  return { got, broker: { publish } as unknown as Broker };
};

const write = async (sql: TestDatabase["app"], event: { id?: string; type?: string; city?: string | null } = {}) => {
  const { id = uuidv7(), type = "clip.requested", city = null } = event;
  await withTenant(sql, city ? [city] : [], "write", async (tx) => {
    await tx`
      insert into outbox (id, cidade_id, type, version, subject, partition_key, correlation_id, data)
      values (${id}, ${city}, ${type}, 1, 'clip 1', 'camera 1', 'corr', ${tx.json({ n: 1 })})`;
  });
  return id;
};
const waiting = async (): Promise<number> => (await relayCounts(db.system)).unpublished;

test("an event is published as a CloudEvent with all that its row says, and stays in the outbox", async () => {
  const city = uuidv7();
  const id = await write(db.app, { city });
  const { got, broker } = listener();
  expect(await relayBatch(db.system, broker, 10)).toMatchObject({ taken: 1 });
  expect(got).toMatchObject([
    {
      specversion: "1.0",
      id,
      source: "/gt-vision",
      type: "clip.requested",
      subject: "clip 1",
      partitionkey: "camera 1",
      cidadeid: city,
      correlationid: "corr",
      dataschema: "/schemas/clip.requested/1",
      data: { n: 1 },
    },
  ]);
  expect(await relayBatch(db.system, broker, 10)).toMatchObject({ taken: 0 });
  const [kept] = await db.owner`select published_at from outbox where id = ${id}`;
  expect(kept?.["published_at"]).toBeInstanceOf(Date);
});

test("an event of no city can be written by both roles, one of another city cannot", async () => {
  await write(db.app);
  await write(db.system);
  expect(await waiting()).toBe(2);
  const foreign = withTenant(db.app, [uuidv7()], "write", async (tx) => {
    await tx`insert into outbox (id, cidade_id, type, version, correlation_id, data)
      values (${uuidv7()}, ${uuidv7()}, 'x', 1, 'c', '{}')`;
  });
  await expect(foreign).rejects.toThrow("row-level security");
  await expect(db.app`select 1 from outbox`).rejects.toThrow("permission denied");
});

test.skipIf(isOneConnection())("a long transaction that commits a lower id late loses nothing", async () => {
  const early = uuidv7(Date.now() - 5000);
  const { got, broker } = listener();
  const late = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const slow = withTenant(db.app, [], "write", async (tx) => {
    await tx`insert into outbox (id, type, version, correlation_id, data) values (${early}, 'a.b', 1, 'c', '{}')`;
    begun.resolve();
    await late.promise;
  });
  await begun.promise;
  const after = await write(db.app);
  await relayBatch(db.system, broker, 10);
  expect(got.map(({ id }) => id)).toEqual([after]);
  late.resolve();
  await slow;
  await relayBatch(db.system, broker, 10);
  expect(got.map(({ id }) => id)).toEqual([after, early]);
});

test("events leave in the order of their ids, batch after batch", async () => {
  const ids: string[] = [];
  for (let n = 0; n < 25; n++) ids.push(await write(db.app));
  const { got, broker } = listener();
  const taken = [];
  for (let n = 0; n < 4; n++) taken.push((await relayBatch(db.system, broker, 10)).taken);
  expect(taken).toEqual([10, 10, 5, 0]);
  expect(got.map(({ id }) => id)).toEqual(ids);
});

test("what could not be confirmed stays in the outbox and is published again", async () => {
  await write(db.app);
  let isDown = true;
  const { got, broker } = listener(() => {
    if (isDown) throw new AppError("unavailable", "no confirm", { reason: "broker.unconfirmed" });
  });
  await expect(relayBatch(db.system, broker, 10)).rejects.toMatchObject({ code: "unavailable" });
  expect(await waiting()).toBe(1);
  isDown = false;
  await relayBatch(db.system, broker, 10);
  expect([got.length, await waiting()]).toEqual([1, 0]);
});

test("an event nobody is bound to is set aside, reported once and replayable; its neighbours leave", async () => {
  const lost = await write(db.app, { type: "nobody.listens" });
  await write(db.app);
  let isBound = false;
  const { got, broker } = listener((events) => {
    if (!isBound && events.some(({ type }) => type === "nobody.listens"))
      throw new AppError("invalid", "x", { reason: "broker.unroutable", params: { types: "nobody.listens" } });
  });
  expect(await relayBatch(db.system, broker, 10)).toMatchObject({ taken: 2, refused: ["nobody.listens"] });
  expect(got.map(({ type }) => type)).toEqual(["clip.requested"]);
  expect(await relayCounts(db.system)).toMatchObject({ unpublished: 0, refused: 1 });
  expect(await relayBatch(db.system, broker, 10)).toMatchObject({ taken: 0 });
  isBound = true;
  const window = { since: new Date(Date.now() - 60_000), until: new Date(Date.now() + 60_000) };
  expect(await replay(db.system, { ...window, type: "nobody.listens" })).toBe(1);
  await relayBatch(db.system, broker, 10);
  expect(got.at(-1)?.id).toBe(lost);
});

test("two relays at once publish each event once and never the same key side by side", async () => {
  for (let n = 0; n < 40; n++) await write(db.app);
  let inHand = 0;
  let overlaps = 0;
  const got: string[] = [];
  const broker = {
    publish: async (events: readonly CloudEvent[]) => {
      if (++inHand > 1) overlaps++;
      await new Promise((resolve) => setImmediate(resolve));
      got.push(...events.map(({ id }) => id));
      inHand--;
    },
  } as unknown as Broker;
  const drain = async (): Promise<void> => {
    for (;;) {
      const { taken, elsewhere } = await relayBatch(db.system, broker, 5);
      if (taken === 0 && !elsewhere) return;
    }
  };
  await Promise.all([drain(), drain()]);
  expect([got.length, new Set(got).size, overlaps]).toEqual([40, 40, 0]);
});

test("a wake-up after a commit publishes at once, without waiting for the next look", async () => {
  const { got, broker } = listener();
  const pace = { busy_ms: 60_000, idle_ms: 60_000 };
  const relay = startRelay({ sql: db.system, broker, log: noLog, pace });
  await eventually("it has looked once", () => db.system`select 1`.then(() => true));
  await write(db.app);
  relay.wake();
  await eventually("it is published", () => got.length === 1);
  await relay.stop();
});

test("without any wake-up events are found by looking, and a broken broker does not end the relay", async () => {
  let failures = 0;
  const { got, broker } = listener(() => {
    if (failures++ === 0) throw new AppError("unavailable", "down");
  });
  const relay = startRelay({ sql: db.system, broker, log: noLog, pace: { idle_ms: 20, busy_ms: 10 } });
  await write(db.app);
  await eventually("it is published", () => got.length === 1);
  await relay.stop();
  expect(failures).toBe(2);
});

test("where the queues are tables one connection is enough, and an event is in with the commit that says so", async () => {
  const sql = connectSql(db.urls.system, { max: 1 });
  const broker = await connectBroker("postgres:", { queues, sql });
  const ids = [await write(db.app), await write(db.app)];
  const work = () => db.system<{ event_id: string }[]>`select event_id from work order by event_id`;
  const rolledBack = sql.begin(async (tx) => {
    await broker.publishWithin?.(tx, [eventOf("clip.requested")]);
    throw new Error("no commit");
  });
  await expect(rolledBack).rejects.toThrow("no commit");
  expect(await work()).toEqual([]);
  expect(await relayBatch(sql, broker, 10)).toMatchObject({ taken: 2 });
  expect((await work()).map(({ event_id }) => event_id)).toEqual(ids);
  await db.system`delete from work`;
  await broker.close();
  await sql.end({ timeout: 1 });
});

test.skipIf(isOneConnection())(
  "a relay that falls silent with rows in hand lets go of them in ten seconds",
  { timeout: 60_000 },
  async () => {
    await write(db.app);
    const taken = Promise.withResolvers<void>();
    const never = Promise.withResolvers<void>();
    const silent = { publish: () => (taken.resolve(), never.promise) } as unknown as Broker;
    const lost = relayBatch(db.system, silent, 10).catch((error: unknown) => error);
    await taken.promise;
    const { got, broker } = listener();
    expect(await relayBatch(db.system, broker, 10)).toMatchObject({ taken: 0, elsewhere: true });
    await eventually(
      "another takes its turn",
      async () => (await relayBatch(db.system, broker, 10)).taken === 1,
      30_000,
    );
    expect(got).toHaveLength(1);
    never.resolve();
    expect(await lost).toMatchObject({ name: expect.stringMatching(/Error/) });
  },
);
