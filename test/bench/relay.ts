/**
 * `node test/bench/relay.ts [--seconds 30]`: what the outbox and its relay add to an event at 100/s, between its commit and
 * its function, beside the same event given to the broker directly. Both ways at once, so that both meet the same machine.
 */
import { parseArgs } from "node:util";
import { relayCounts, startRelay } from "#connector/relay.ts";
import { connectBroker } from "#lib/broker/connect.ts";
import { connectSql } from "#lib/db/connect.ts";
import { withTenant } from "#lib/db/transaction.ts";
import { uuidv7 } from "#lib/ids.ts";
import { noLog } from "#lib/log.ts";
import { eventOf } from "#test/contracts/broker-bench.ts";
import { eventually } from "#test/contracts/check.ts";
import { startOwnPostgres } from "#test/harness/own-postgres.ts";
import { percentile } from "./processes.ts";

const PER_SECOND = 100;
const GATE_MS = 50;
const WARM_UP = 100;
const DRAINED = 20_000;
const { values } = parseArgs({ options: { seconds: { type: "string", default: "30" } } });
const [OUTBOX, DIRECT] = ["bench.outbox", "bench.direct"];
const queues = [OUTBOX, DIRECT].map((name) => ({ name, types: [name], parallel: 16 }));
const count = Number(values.seconds) * PER_SECOND;

const server = await startOwnPostgres();
const { app, urls, close } = server.database;
const system = connectSql(urls.system, { max: 16 });
const broker = await connectBroker("postgres:", { queues, sql: system });

const committed = new Map<string, number>();
const took: Record<string, number[]> = { [OUTBOX]: [], [DIRECT]: [] };
for (const { name } of queues)
  await broker.consume(name, async ({ event }) => {
    const at = committed.get(event.id);
    // It may have arrived before the commit was heard of here.
    took[event.type]!.push(at === undefined ? 0 : performance.now() - at);
    return { done: true };
  });

/** In the outbox, with the wake-up that a host gives its relay, or none: events that another process wrote. */
const throughOutbox = async (wake: () => void): Promise<void> => {
  const { id, type } = eventOf(OUTBOX);
  await withTenant(app, [], "write", async (tx) => {
    await tx`insert into outbox (id, type, version, correlation_id, data) values (${id}, ${type}, 1, 'corr', ${tx.json({})})`;
  });
  committed.set(id, performance.now());
  wake();
};
const directly = async (): Promise<void> => {
  const event = eventOf(DIRECT);
  committed.set(event.id, performance.now());
  await broker.publish([event]);
};

const run = async (wakes: boolean): Promise<{ outbox: number[]; direct: number[] }> => {
  for (const times of Object.values(took)) times.length = 0;
  const relay = startRelay({ sql: system, broker, log: noLog });
  const begun = performance.now();
  const under: Promise<void>[] = [];
  for (let n = 0; n < count; n++) {
    const wait = begun + (n * 1000) / PER_SECOND - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    under.push(throughOutbox(wakes ? relay.wake : () => undefined));
    if (n % 4 === 0) under.push(directly());
  }
  await Promise.all(under);
  await eventually("all have arrived", () => took[OUTBOX]!.length === count, 60_000);
  await relay.stop();
  const [outbox, direct] = [took[OUTBOX]!, took[DIRECT]!];
  return { outbox: outbox.slice(WARM_UP), direct: direct.slice(WARM_UP / 4) };
};

const shown = (value: number): number => Number(value.toPrecision(3));
const table: Record<string, Record<string, number>> = {};
let missed = false;
for (const wakes of [true, false]) {
  const { outbox, direct } = await run(wakes);
  const [through, bare] = [outbox, direct].map((times) => percentile(times, 0.95)) as [number, number];
  missed ||= through - bare > GATE_MS;
  table[wakes ? "woken in process" : "written elsewhere"] = {
    "p50 through the outbox": shown(percentile(outbox, 0.5)),
    "p95 through the outbox": shown(through),
    "p95 directly": shown(bare),
    "added at p95, ms": shown(through - bare),
  };
}
console.table(table);

/** Events a second out of a backlog, with one relay and with a second that stands by. */
const drain = async (relays: number): Promise<number> => {
  const rows = Array.from({ length: DRAINED }, (_, n) => ({
    id: uuidv7(),
    type: OUTBOX,
    version: 1,
    partition_key: `camera ${n % 50}`,
    correlation_id: "corr",
    data: server.database.owner.json({ n }),
  }));
  for (let from = 0; from < rows.length; from += 2000)
    await server.database.owner`insert into outbox ${server.database.owner(rows.slice(from, from + 2000))}`;
  const begun = performance.now();
  const running = Array.from({ length: relays }, () => startRelay({ sql: system, broker: kept, log: noLog }));
  await eventually("all is out", async () => (await relayCounts(system)).unpublished === 0, 120_000);
  const took = performance.now() - begun;
  await Promise.all(running.map((relay) => relay.stop()));
  return shown(DRAINED / (took / 1000));
};
await broker.close();
const kept = await connectBroker("postgres:", { queues, sql: system });
console.table({ "events/s out of a backlog": { "one relay": await drain(1), "two relays": await drain(2) } });
console.log(`gate: ≤ ${GATE_MS} ms added: ${missed ? "MISSED" : "kept"}`);
process.exitCode = missed ? 1 : 0;
await kept.close();
await system.end({ timeout: 1 });
await close();
