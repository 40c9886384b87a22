/**
 * `node test/bench/broker.ts [--messages 10000] [--backlog 200000]`: outbox → RabbitMQ → function through the connector, beside
 * a bare loop of amqplib that publishes the same bytes with confirms and acknowledges them, on the same broker and in the same
 * run; then the connector once more, with so many messages waiting in its queue.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connect } from "amqplib";
import { startDeliveries } from "#connector/deliver.ts";
import { relayCounts, startRelay } from "#connector/relay.ts";
import { definitionsText } from "#infra/rabbitmq/definitions.ts";
import { startPostgres } from "#infra/local/postgres.ts";
import { rabbitmqBroker } from "#lib/broker/rabbitmq.ts";
import { topologyOf } from "#lib/broker/rabbitmq/topology.ts";
import { connectSql, type Sql } from "#lib/db/connect.ts";
import { ensureLogins } from "#lib/db/logins.ts";
import { migrate } from "#lib/db/migrate.ts";
import type { CloudEvent } from "#lib/events.ts";
import { uuidv7 } from "#lib/ids.ts";
import { noLog } from "#lib/log.ts";
import { eventually } from "#test/contracts/check.ts";
import { findServer } from "#test/harness/servers/available.ts";
import { startRabbitmq } from "#test/harness/servers/rabbitmq.ts";

const passwords = { gt_owner: "owner", gt_app: "app", gt_system: "system", gt_backup: "backup" };
const DATABASE = "gt_bench";
const ROUNDS = 3;
/** What the relay publishes at once; the bare loop waits for as many. */
const BATCH = 200;
/** In hand at once, here and there: so many that it is not the way to the broker and back that is measured. */
const PARALLEL = 32;
const LEAST_RATIO = 0.5;
/** Of the rate with nothing waiting. */
const LEAST_BEHIND = 0.5;
/** Unconfirmed at once while the queue is filled. */
const FILLED_AT_ONCE = 2000;
const ours = { name: "streaming.cut-clip", types: ["clip.requested"], parallel: PARALLEL, timeout_seconds: 60 };
const bare = { name: "bench.bare-loop", types: ["bench.bare"], parallel: PARALLEL };

const { values } = parseArgs({
  options: { messages: { type: "string", default: "10000" }, backlog: { type: "string", default: "200000" } },
});
const messages = Number(values.messages);
const backlog = Number(values.backlog);

const eventOf = (n: number): CloudEvent => ({
  specversion: "1.0",
  id: uuidv7(),
  source: "/streaming",
  type: "clip.requested",
  time: new Date().toISOString(),
  datacontenttype: "application/json",
  dataschema: "/schemas/clip.requested/1",
  correlationid: uuidv7(),
  data: { clip_id: uuidv7(), cidade_id: uuidv7(), n },
});

const fill = async (url: string): Promise<void> => {
  const line = await connect(url, { noDelay: true });
  const channel = await line.createConfirmChannel();
  for (let n = 0; n < backlog; n++) {
    channel.publish("", ours.name, Buffer.from(JSON.stringify(eventOf(n))), { persistent: true });
    if (n % FILLED_AT_ONCE === 0) await channel.waitForConfirms();
  }
  await channel.waitForConfirms();
  await line.close();
};

/** Messages a second. */
const rate = (begin: number): number => (messages * 1000) / (performance.now() - begin);

/** So many handed in and so many handed out: with others waiting before them they are not the same ones. */
const connectorRate = async (sql: Sql, url: string): Promise<number> => {
  const events = Array.from({ length: messages }, (_, n) => eventOf(n));
  await sql`
    insert into outbox (id, source, type, version, correlation_id, data)
    select (event ->> 'id')::uuid, event ->> 'source', event ->> 'type', 1, event ->> 'correlationid', event -> 'data'
    from jsonb_array_elements(${JSON.stringify(events)}::text::jsonb) as events (event)`;
  const broker = await rabbitmqBroker(url, { queues: [ours] });
  const all = Promise.withResolvers<void>();
  let left = messages;
  const deliver = async () => {
    if (--left === 0) all.resolve();
    return { status: 204, final: false };
  };
  const begin = performance.now();
  const deliveries = await startDeliveries({ broker, queues: [ours], deliver, log: noLog });
  const relay = startRelay({ sql, broker, log: noLog, pace: { batch: BATCH } });
  await all.promise;
  await eventually("all are published", async () => (await relayCounts(sql)).unpublished === 0, 600_000);
  const measured = rate(begin);
  await relay.stop();
  await deliveries.stop();
  await broker.close();
  return measured;
};

const bareRate = async (url: string): Promise<number> => {
  const contents = Array.from({ length: messages }, (_, n) => Buffer.from(JSON.stringify(eventOf(n))));
  const [publishing, consuming] = [await connect(url, { noDelay: true }), await connect(url, { noDelay: true })];
  const out = await publishing.createConfirmChannel();
  const back = await consuming.createChannel();
  const all = Promise.withResolvers<void>();
  let left = messages;
  const begin = performance.now();
  await back.prefetch(bare.parallel);
  await back.consume(bare.name, (message) => {
    if (!message) return;
    back.ack(message);
    if (--left === 0) all.resolve();
  });
  for (let n = 0; n < contents.length; n += BATCH) {
    for (const content of contents.slice(n, n + BATCH))
      out.publish("", bare.name, content, { persistent: true, mandatory: true });
    await out.waitForConfirms();
  }
  await all.promise;
  const measured = rate(begin);
  await publishing.close();
  await consuming.close();
  return measured;
};

const folder = mkdtempSync(join(tmpdir(), "gt-bench-"));
const postgres = await startPostgres({ dataDir: join(folder, "postgres"), password: "superuser", durable: true });
await ensureLogins(postgres.superuser_url, DATABASE, passwords);
const urlOf = (user: keyof typeof passwords): string =>
  Object.assign(new URL(postgres.superuser_url), {
    pathname: `/${DATABASE}`,
    username: user,
    password: passwords[user],
  }).href;
await migrate(urlOf("gt_owner"), join(import.meta.dirname, "../../migrations"));
const sql = connectSql(urlOf("gt_system"), { max: 8 });
const found = await findServer("rabbitmq", console.log);
if ("missing" in found) throw new Error(found.missing);
const definitions = definitionsText(topologyOf([ours, bare]));
const server = await startRabbitmq({ binary: found.binary, definitions, management: false, say: console.log });
try {
  const ratios: number[] = [];
  const alone: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [loop, connector] = [await bareRate(server.url), await connectorRate(sql, server.url)];
    ratios.push(connector / loop);
    alone.push(connector);
    console.log(
      `bare loop ${Math.round(loop)}/s, connector ${Math.round(connector)}/s, ratio ${(connector / loop).toFixed(2)}`,
    );
  }
  const middleOf = (all: number[]): number => all.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)]!;
  const middle = middleOf(ratios);
  console.log(`middle of ${ROUNDS}: ${middle.toFixed(2)} (at least ${LEAST_RATIO})`);
  await fill(server.url);
  const late = await connectorRate(sql, server.url);
  const behind = late / middleOf(alone);
  console.log(
    `with ${backlog} waiting: connector ${Math.round(late)}/s, ${behind.toFixed(2)} of without (at least ${LEAST_BEHIND})`,
  );
  process.exitCode = middle >= LEAST_RATIO && behind >= LEAST_BEHIND ? 0 : 1;
} finally {
  await server.stop();
  await sql.end({ timeout: 5 });
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
