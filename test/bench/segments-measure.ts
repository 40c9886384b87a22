/** What a look at a camera's day and a retention run cost, with the product's own statements under the product's own logins. */
import { readFileSync } from "node:fs";
import { deleteSome, countQuery, deleteRows, lockExpired, type Position } from "#functions/streaming/retention.ts";
import { listSegmentRows } from "#functions/streaming/segments.ts";
import { listSpans, MOST_SPANS } from "#functions/streaming/timeline.ts";
import { slicesUntil } from "#lib/retention/plans.ts";
import { connectSql, type Sql, type TransactionSql } from "#lib/db/connect.ts";
import { withTenant } from "#lib/db/transaction.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import type { Loaded, LoadedCamera, Urls } from "./segments-load.ts";

const DAY_MS = 86_400_000;
const QUARTER_MS = 900_000;

type Work = (tx: TransactionSql, round: number) => PromiseLike<unknown>;
type Scene = { what: string; as: "app" | "system"; work: Work };
/** Milliseconds; `cpu_ms` of the server's process per call; `days`: partitions that were read. */
export type Measured = {
  what: string;
  calls: number;
  p50: number;
  p95: number;
  p99: number;
  cpu_ms: number;
  days: number;
};

/** `rounds` calls of each kind, spread over cameras and days; the retention run deletes what it is shown. */
export const measureSegments = async (urls: Urls, loaded: Loaded, rounds: number): Promise<Measured[]> => {
  const sql = { app: connectSql(urls.app, { max: 1 }), system: connectSql(urls.system, { max: 1 }) };
  try {
    const measured: Measured[] = [];
    for (const { what, as, work } of [...looking(loaded), ...cleaning(loaded)]) {
      const days = await daysRead(sql[as], (tx) => work(tx, 0));
      measured.push({ what, days, ...(await timed(sql[as], work, rounds)) });
    }
    measured.push({ what: "retention: a batch of 200, deleted", ...(await deleting(sql.system, loaded, rounds)) });
    return measured;
  } finally {
    await Promise.all([sql.app.end(), sql.system.end()]);
  }
};

const at = <T>(list: readonly T[], round: number): T => list[round % list.length] as T;
const beginOf = (day: string): Date => new Date(`${day}T00:00:00Z`);
const after = (time: Date, ms: number): Date => new Date(time.getTime() + ms);

/** The day begins five minutes late: what reaches into a window from before it may lie in the day before. */
const looking = ({ cameras, days }: Loaded): Scene[] => {
  const window = (round: number, begin: number, length: number) => {
    const from = after(beginOf(at(days, round * 7)), begin);
    return { camera: at(cameras, round * 13), from, to: after(from, length) };
  };
  return [
    {
      what: "a camera's day as spans",
      as: "app",
      work: (tx, round) => {
        const { camera, from, to } = window(round, 300_000, DAY_MS - 300_000);
        return listSpans(tx, camera.cidade_id, camera.camera_id, from, to, MOST_SPANS + 1);
      },
    },
    {
      what: "a quarter of an hour to play",
      as: "app",
      work: (tx, round) => {
        const { camera, from, to } = window(round, 300_000 + ((round * 31) % 90) * QUARTER_MS, QUARTER_MS);
        return listSegmentRows(tx, camera, from, to);
      },
    },
  ];
};

const cleaning = ({ cameras, days }: Loaded): Scene[] => {
  const [{ cidade_id }] = cameras as [LoadedCamera];
  const slice = (round: number) => at(slicesUntil(days, new Date(8.64e15)), round);
  const now = new Date();
  const nobody = "00000000-0000-7000-8000-000000000000";
  return [
    {
      what: "retention: count a city's day",
      as: "system",
      work: (tx, round) => countQuery(tx, cidade_id, slice(round)),
    },
    {
      what: "retention: lock a batch",
      as: "system",
      work: (tx, round) => lockExpired(tx, cidade_id, slice(round), now, null),
    },
    {
      what: "retention: delete rows by their keys",
      as: "system",
      work: (tx, round) =>
        deleteRows(tx, cidade_id, slice(round), [{ camera_id: nobody, id: nobody, captured_at: slice(round).from }]),
    },
  ];
};

/** Batch after batch of the oldest day, as the clean-up does it, with a store that forgets at once. */
const deleting = async (sql: Sql, { cameras, days }: Loaded, rounds: number): Promise<Omit<Measured, "what">> => {
  const [{ cidade_id }] = cameras as [LoadedCamera];
  const objects = { delete: async () => {} } as unknown as ObjectStore;
  const [slice] = slicesUntil(days, new Date(8.64e15));
  if (!slice) throw new Error("no day was loaded");
  let position: Position | null = null;
  const took = await timed(
    sql,
    async (tx) => {
      position = await deleteSome({ sql: tx, objects }, cidade_id, slice, new Date(), position);
    },
    rounds,
  );
  return { days: 1, ...took };
};

const timed = async (
  sql: Sql,
  work: Work,
  rounds: number,
): Promise<Pick<Measured, "calls" | "p50" | "p95" | "p99" | "cpu_ms">> => {
  const [backend] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
  const pid = backend?.pid ?? 0;
  const before = cpuOf(pid);
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const begun = performance.now();
    await withTenant(sql, "all", "write", async (tx) => work(tx, round));
    times.push(performance.now() - begun);
  }
  const sorted = times.toSorted((a, b) => a - b);
  const share = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return { calls: rounds, p50: share(0.5), p95: share(0.95), p99: share(0.99), cpu_ms: (cpuOf(pid) - before) / rounds };
};

/** Of one process so far, in ms; Linux counts in hundredths of a second. */
const cpuOf = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
};

type Node = { "Relation Name"?: string; "Actual Loops"?: number; Plans?: Node[] };
const nodesOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

/** How many partitions the statement really read, by what EXPLAIN (ANALYZE) saw; the transaction is left as it was. */
export const daysRead = async (sql: Sql, query: (tx: TransactionSql) => PromiseLike<unknown>): Promise<number> => {
  const rows = await withTenant(sql, "all", "write", async (tx) => {
    // A query that nobody awaited becomes a part of the one around it.
    const inner = query(tx) as never;
    return tx<{ "QUERY PLAN": { Plan: Node }[] }[]>`explain (analyze, format json) ${inner}`;
  });
  const plan = rows[0]?.["QUERY PLAN"][0]?.Plan ?? {};
  const read = nodesOf(plan).filter((node) => (node["Actual Loops"] ?? 0) > 0);
  const partitions = read
    .flatMap((node) => node["Relation Name"] ?? [])
    .filter((name) => /^recording_segments_\d{8}$/.test(name));
  return new Set(partitions).size;
};

export const tableOf = (measured: readonly Measured[]): string => {
  const ms = (value: number): string => value.toFixed(1).padStart(8);
  const head = `${"ms".padEnd(38)}${["p50", "p95", "p99", "CPU"].map((name) => name.padStart(8)).join("")}   days read`;
  const lines = measured.map(
    ({ what, p50, p95, p99, cpu_ms, days }) =>
      `${what.padEnd(38)}${ms(p50)}${ms(p95)}${ms(p99)}${ms(cpu_ms)}${String(days).padStart(12)}`,
  );
  return [head, ...lines].join("\n");
};
