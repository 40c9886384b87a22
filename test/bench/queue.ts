/**
 * `node test/bench/queue.ts [--backlog 1000000]`: the work table beside pg-boss on the same server, and a claim with a backlog
 * beside one without. pg-boss is no dependency: it is installed outside the checkout, once.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { workTable } from "#lib/broker/work-table.ts";
import type { Sql } from "#lib/db/connect.ts";
import { uuidv7 } from "#lib/ids.ts";
import { eventOf } from "#test/contracts/broker-bench.ts";
import { startOwnPostgres } from "#test/harness/own-postgres.ts";
import { percentile } from "./processes.ts";

const VERSION = "10.4.2";
const QUEUE = "streaming.cut-clip";
const FEW = 1000;
/** As many as a consumer takes at once. */
const AT_ONCE = 4;
const CLAIMS = 1100;
const WARM_UP = 100;
const GATES = { few: 1, many: 50, claim: 2 };

const { values } = parseArgs({ options: { backlog: { type: "string", default: "1000000" } } });
const backlog = Number(values.backlog);

type Peer = {
  name: string;
  fill(count: number): Promise<void>;
  empty(): Promise<void>;
  /** Takes up to `AT_ONCE` and says they are done. Answers how many. */
  round(): Promise<number>;
};

type Boss = {
  start(): Promise<void>;
  stop(options: object): Promise<void>;
  on(event: "error", heard: (error: unknown) => void): void;
  createQueue(name: string): Promise<void>;
  fetch(name: string, options: { batchSize: number }): Promise<{ id: string }[]>;
  complete(name: string, ids: string[]): Promise<void>;
};

const loadBoss = (): new (options: object) => Boss => {
  const folder = join(homedir(), ".cache/gt-vision/bench");
  if (!existsSync(join(folder, "node_modules/pg-boss"))) {
    console.log(`Installing pg-boss ${VERSION} into ${folder}, once.`);
    mkdirSync(folder, { recursive: true });
    const args = ["install", "--prefix", folder, "--no-audit", "--no-fund", "--loglevel=error", `pg-boss@${VERSION}`];
    if (spawnSync("npm", args, { stdio: "inherit" }).status !== 0) throw new Error("npm could not install pg-boss");
  }
  return createRequire(join(folder, "package.json"))("pg-boss") as new (options: object) => Boss;
};

const ours = (system: Sql, owner: Sql): Peer => {
  const table = workTable(system, undefined, 30_000);
  return {
    name: "work table",
    fill: async (count) => {
      await owner`
        insert into work (queue, event_id, event, run_at, published_at)
        select ${QUEUE}, gen_random_uuid(), '{"type": "clip.requested", "data": {"name": "x"}}', now(), now()
        from generate_series(1, ${count}::int)`;
      await owner`vacuum analyze work`;
    },
    empty: async () => void (await owner`truncate work`),
    round: async () => {
      const claimed = await table.claim(QUEUE, AT_ONCE);
      await Promise.all(claimed.map((held) => table.settle(held, { done: true }, null)));
      return claimed.length;
    },
  };
};

const theirs = (boss: Boss, owner: Sql): Peer => ({
  name: `pg-boss ${VERSION}`,
  fill: async (count) => {
    await owner`
      insert into pgboss.job (name, data) select ${QUEUE}, '{"name": "x"}' from generate_series(1, ${count}::int)`;
    await owner`vacuum analyze pgboss.job`;
  },
  empty: async () => void (await owner`delete from pgboss.job`),
  round: async () => {
    const jobs = await boss.fetch(QUEUE, { batchSize: AT_ONCE });
    if (jobs.length > 0)
      await boss.complete(
        QUEUE,
        jobs.map(({ id }) => id),
      );
    return jobs.length;
  },
});

/** Jobs a second; the queue is not emptied meanwhile. */
const measure = async ({ round }: Peer, seconds: number, most: number): Promise<number> => {
  await round();
  const begun = performance.now();
  let done = 0;
  while (performance.now() - begun < seconds * 1000 && done < most) done += await round();
  return done / ((performance.now() - begun) / 1000);
};

/** Milliseconds of each claim of one; what is taken is added again, so that the backlog stays. */
const claims = async (system: Sql, times: number): Promise<number[]> => {
  const table = workTable(system, undefined, 30_000);
  const took: number[] = [];
  for (let n = 0; n < times; n++) {
    await table.add([{ queue: QUEUE, lane: null, event: { ...eventOf("clip.requested"), id: uuidv7() } }]);
    const begun = performance.now();
    const [held] = await table.claim(QUEUE, 1);
    took.push(performance.now() - begun);
    if (held) await table.settle(held, { done: true }, null);
  }
  return took;
};

const shown = (value: number): number => Number(value.toPrecision(3));

const server = await startOwnPostgres();
const { owner, system, urls, close } = server.database;
const boss = new (loadBoss())({ connectionString: urls.owner, supervise: false, schedule: false, max: 4 });
boss.on("error", (error) => console.error(error));
try {
  await boss.start();
  await boss.createQueue(QUEUE);
  const [table, other] = [ours(system, owner), theirs(boss, owner)];
  const rates: Record<string, number[]> = {};
  const empty = await claims(system, CLAIMS);
  const full: number[] = [];
  for (const waiting of [FEW, backlog])
    for (const peer of [table, other]) {
      await peer.empty();
      await peer.fill(waiting);
      if (peer === table && waiting === backlog) full.push(...(await claims(system, CLAIMS)));
      (rates[peer.name] ??= []).push(await measure(peer, waiting === FEW ? 3 : 20, waiting * 0.9));
      await peer.empty();
    }
  const [few, many] = [0, 1].map((n) => rates[table.name]![n]! / rates[other.name]![n]!) as [number, number];
  const p95 = { empty: percentile(empty.slice(WARM_UP), 0.95), full: percentile(full.slice(WARM_UP), 0.95) };
  const claim = p95.full / p95.empty;
  const row = (n: number, ratio: number) => ({
    "work table": shown(rates[table.name]![n]!),
    [other.name]: shown(rates[other.name]![n]!),
    ratio: shown(ratio),
  });
  console.table({ [`jobs/s, ${FEW} wait`]: row(0, few), [`jobs/s, ${backlog} wait`]: row(1, many) });
  const claimed = { "nothing waits": shown(p95.empty), [`${backlog} wait`]: shown(p95.full), ratio: shown(claim) };
  console.table({ "claim p95, ms": claimed });
  const missed = few < GATES.few || many < GATES.many || claim > GATES.claim;
  console.log(`gates: ≥ ${GATES.few}, ≥ ${GATES.many}, ≤ ${GATES.claim}: ${missed ? "MISSED" : "kept"}`);
  process.exitCode = missed ? 1 : 0;
} finally {
  await boss.stop({ graceful: false, wait: false });
  await close();
}
