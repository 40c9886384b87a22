import { afterAll, beforeAll, expect, test } from "vitest";
import { connectBroker } from "#lib/broker/connect.ts";
import { uuidv7 } from "#lib/ids.ts";
import { eventOf, queues } from "#test/contracts/broker.ts";
import { eventually } from "#test/contracts/check.ts";
import { testDatabase, type TestDatabase } from "#test/harness/database.ts";
import { operate } from "./redrive.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.close());

test("dead letters are listed with their reasons, put back, and the act is in the audit log", async () => {
  const broker = await connectBroker(db.urls.system, { queues });
  await broker.publish([eventOf("clip.requested"), eventOf("clip.requested")]);
  const consumer = await broker.consume("streaming.cut-clip", async () => ({ dead: true, reason: "no such camera" }));
  await eventually("both are dead", async () => (await broker.deadLetters("streaming.cut-clip", 5)).length === 2);
  await consumer.stop();
  const run = (...args: string[]) => operate(db.system, broker, args);
  expect(await run("--list", "streaming.cut-clip")).toContain('"reason":"no such camera"');
  expect(await run("--queue", "streaming.cut-clip")).toBe("2 dead letters are back in their queues");
  expect(await run("--all")).toBe("0 dead letters are back in their queues");
  const audited = await db.owner`select action, details from audit_log order by at, id`;
  expect(audited).toMatchObject([
    { action: "redrive", details: { which: { queue: "streaming.cut-clip" }, count: 2 } },
    { action: "redrive", details: { which: "all", count: 0 } },
  ]);
  await broker.close();
});

test("published events of a window go out once more", async () => {
  const broker = await connectBroker(db.urls.system, { queues, sql: db.system });
  await db.owner`
    insert into outbox (id, type, version, correlation_id, data, published_at)
    values (${uuidv7()}, 'a.b', 1, 'c', '{}', now()), (${uuidv7()}, 'x.y', 1, 'c', '{}', now())`;
  const window = [
    "--since",
    new Date(Date.now() - 60_000).toISOString(),
    "--until",
    new Date(Date.now() + 60_000).toISOString(),
  ];
  expect(await operate(db.system, broker, ["--replay", ...window, "--type", "a.b"])).toBe("1 events go out again");
  expect(await db.owner`select type from outbox where published_at is null`).toMatchObject([{ type: "a.b" }]);
  await broker.close();
});

test("arguments that make no sense are refused with what to say instead", async () => {
  const broker = await connectBroker(db.urls.system, { queues, sql: db.system });
  await expect(operate(db.system, broker, [])).rejects.toThrow("--queue NAME");
  await expect(operate(db.system, broker, ["--replay"])).rejects.toThrow("--since");
  await broker.close();
});
