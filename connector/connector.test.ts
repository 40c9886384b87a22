import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import type { CloudEvent } from "#lib/events.ts";
import { eventType } from "#lib/events.ts";
import { postgresBroker } from "#lib/broker/postgres.ts";
import { withTenant } from "#lib/db/transaction.ts";
import { memoryFrames } from "#lib/frames/memory.ts";
import { cron, frames, http, queue } from "#lib/function/define.ts";
import { uuidv7 } from "#lib/ids.ts";
import { eventually } from "#test/contracts/check.ts";
import { testDatabase, type TestDatabase } from "#test/harness/database.ts";
import { startConnector } from "./connector.ts";
import { consumersOf } from "./frames.ts";
import { planOf } from "./plan.ts";

const ClipRequested = eventType("clip.requested", 1, z.object({ n: z.number() }));
const common = { summary: "For this test", needs: [] } as const;
const catalogue = {
  streaming: {
    "cut-clip": queue({
      ...common,
      name: "cut-clip",
      timeout_seconds: 120,
      queue: { event: ClipRequested, parallel: 2, ordered: true },
      handle: async () => undefined,
    }),
    "delete-expired": cron({
      ...common,
      name: "delete-expired",
      cron: { schedule: "0 3 * * *", timezone: "America/Sao_Paulo" },
      handle: async () => undefined,
    }),
    "keep-last-frame": frames({
      ...common,
      name: "keep-last-frame",
      frames: { parallel: 3 },
      handle: async () => undefined,
    }),
    "list-clips": http({
      ...common,
      name: "list-clips",
      http: { method: "GET", path: "/api/clips", access: "session" },
      input: z.object({}),
      output: z.object({}),
      handle: async () => ({}),
    }),
  },
};

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.close());

test("the catalogue's queue, cron and frame functions are the connector's plan, under their full names", () => {
  expect(planOf(catalogue)).toEqual({
    queues: [
      { name: "streaming.cut-clip", types: ["clip.requested"], timeout_seconds: 120, parallel: 2, ordered: true },
    ],
    schedules: [
      {
        function: "streaming.delete-expired",
        schedule: "0 3 * * *",
        timezone: "America/Sao_Paulo",
        timeout_seconds: 60,
      },
    ],
    frames: [{ function: "streaming.keep-last-frame", timeout_seconds: 60, parallel: 3 }],
  });
});

test("an event written in a transaction reaches its function once, and the counts say so", async () => {
  const plan = planOf(catalogue);
  const broker = postgresBroker(db.system, { queues: plan.queues });
  const got: CloudEvent[] = [];
  const connector = await startConnector({
    sql: db.system,
    broker,
    frames: memoryFrames({ consumers: consumersOf(plan.frames) }),
    plan,
    deliver: async (name, event) => {
      expect(name).toBe("streaming.cut-clip");
      got.push(event);
      return { status: 204, final: false };
    },
    run: async () => ({ status: 204, final: false }),
    deliverFrame: async () => ({ status: 204, final: false }),
  });
  const ids = Array.from({ length: 50 }, () => uuidv7());
  await withTenant(db.app, [], "write", async (tx) => {
    for (const [n, id] of ids.entries())
      await tx`
        insert into outbox (id, type, version, partition_key, correlation_id, data)
        values (${id}, 'clip.requested', 1, 'camera 1', 'corr', ${tx.json({ n })})`;
  });
  connector.wake();
  await eventually("all have arrived", () => got.length === 50, 10_000);
  expect(got.map(({ id }) => id)).toEqual(ids);
  await eventually(
    "all are counted",
    async () => (await connector.counts()).deliveries["streaming.cut-clip"]?.done === 50,
  );
  expect(await connector.counts()).toMatchObject({
    outbox: { unpublished: 0, refused: 0 },
    queues: [{ queue: "streaming.cut-clip", waiting: 0, held: 0, parked: 0, dead: 0 }],
  });
  await connector.stop();
  await broker.close();
});
