/**
 * What a rate limit over Redis costs beside the least that Redis can be asked for: one after the other, in the same run.
 *
 *   node_modules/node/bin/node test/bench/cache.ts
 */
import { Redis } from "ioredis";
import { connectCache } from "#lib/cache/connect.ts";
import { findServer } from "#test/harness/servers/available.ts";
import { startRedis } from "#test/harness/servers/redis.ts";

const ROUNDS = 20;
const PER_ROUND = 1000;
const GATE_MS = 0.3;
/** On a machine that has other things to do even a PING is late; then the gate is so many times its p95. */
const GATE_RATIO = 3;

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

const timed = async (times: number[], work: () => Promise<unknown>): Promise<void> => {
  for (let n = 0; n < PER_ROUND; n++) {
    const begin = performance.now();
    await work();
    times.push(performance.now() - begin);
  }
};

const run = async (url: string): Promise<boolean> => {
  const bare = new Redis(url);
  const cache = await connectCache(url);
  let key = 0;
  const works: Record<string, () => Promise<unknown>> = {
    "bare PING": () => bare.ping(),
    "limit, 10 000 keys": () => cache.limit(`k${(key = (key + 1) % 10_000)}`, { count: 60, seconds: 60 }),
    "limit, refused": () => cache.limit("one", { count: 1, seconds: 3600 }),
    "get, 200 bytes": () => cache.get("value"),
  };
  await cache.set("value", new Uint8Array(200), { ttl_seconds: 3600 });
  const times = new Map(Object.keys(works).map((name): [string, number[]] => [name, []]));
  for (const work of Object.values(works)) await timed([], work);
  // In turn, so that whatever else the machine does is everybody's.
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, work] of Object.entries(works)) await timed(times.get(name) ?? [], work);
  const base = percentile(
    (times.get("bare PING") ?? []).toSorted((a, b) => a - b),
    0.5,
  );
  console.table(
    Object.fromEntries(
      [...times].map(([name, all]) => {
        const sorted = all.toSorted((a, b) => a - b);
        const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(sorted, share));
        const ms = (value = 0): number => Number(value.toFixed(3));
        return [name, { p50_ms: ms(p50), p95_ms: ms(p95), p99_ms: ms(p99), "× PING (p50)": ms((p50 ?? 0) / base) }];
      }),
    ),
  );
  await cache.close();
  bare.disconnect();
  const p95Of = (name: string): number =>
    percentile(
      (times.get(name) ?? []).toSorted((a, b) => a - b),
      0.95,
    );
  const [ping, limit] = [p95Of("bare PING"), p95Of("limit, 10 000 keys")];
  const isWithin = limit <= Math.max(GATE_MS, GATE_RATIO * ping);
  console.log(
    `A rate limit takes ${limit.toFixed(3)} ms (p95), a PING ${ping.toFixed(3)} ms; ` +
      `gate: ${GATE_MS} ms, or ${GATE_RATIO} × PING where that is more: ${isWithin ? "held" : "missed"}.`,
  );
  return isWithin;
};

const found = await findServer("redis", console.log);
if ("missing" in found) throw new Error(found.missing);
const server = await startRedis({ binary: found.binary });
const held = await run(server.url);
await server.stop();
process.exitCode = held ? 0 : 1;
