/**
 * `node test/bench/segments.ts [--cameras 100] [--cities 4] [--days 30] [--rounds 200] [--folder DIR]`: the index of segments
 * at its full size, 26 million rows in some 31 GB. Prints what a look at a camera's day and a retention run cost, and fails
 * when one of them reads more than one partition a day.
 */
import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import postgres from "postgres";
import { migrate } from "#lib/db/migrate.ts";
import { ensureLogins } from "#lib/db/logins.ts";
import { startPostgres } from "#infra/local/postgres.ts";
import { loadSegments, SEGMENTS_A_DAY, type Urls } from "./segments-load.ts";
import { measureSegments, tableOf } from "./segments-measure.ts";

const passwords = { gt_owner: "owner", gt_app: "app", gt_system: "system", gt_backup: "backup" };
const DATABASE = "gt_bench";
/** Row, two indexes and the log of their writing. */
const BYTES_A_ROW = 1300;

const { values } = parseArgs({
  options: {
    cameras: { type: "string", default: "100" },
    cities: { type: "string", default: "4" },
    days: { type: "string", default: "30" },
    rounds: { type: "string", default: "200" },
    folder: { type: "string", default: tmpdir() },
  },
});
const plan = { cameras: Number(values.cameras), cities: Number(values.cities), days: Number(values.days) };

const mustHaveRoom = (): void => {
  const { bavail, bsize } = statfsSync(values.folder);
  const wanted = plan.cameras * plan.days * SEGMENTS_A_DAY * BYTES_A_ROW;
  const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);
  if (bavail * bsize >= wanted) return;
  console.error(
    `This needs ${gigabytes(wanted)} GB in ${values.folder}, and ${gigabytes(bavail * bsize)} GB are free.`,
  );
  process.exit(1);
};

const urlsOf = (superuser_url: string): Urls => {
  const url = (user: keyof typeof passwords): string => {
    const made = new URL(superuser_url);
    Object.assign(made, { pathname: `/${DATABASE}`, username: user, password: passwords[user] });
    return made.href;
  };
  return { app: url("gt_app"), system: url("gt_system"), owner: url("gt_owner") };
};

/** As autovacuum would have, given the night. */
const settle = async (superuser_url: string): Promise<string> => {
  const sql = postgres(superuser_url, { max: 1 });
  try {
    await sql`vacuum (analyze) recording_segments`;
    const [row] = await sql<{ size: string }[]>`select pg_size_pretty(pg_database_size(${DATABASE})) as size`;
    return row?.size ?? "";
  } finally {
    await sql.end();
  }
};

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(0)} s`;

const bench = async (superuser_url: string): Promise<boolean> => {
  await ensureLogins(superuser_url, DATABASE, passwords);
  const urls = urlsOf(superuser_url);
  await migrate(urls.owner, join(import.meta.dirname, "../../migrations"));
  const begun = performance.now();
  const loaded = await loadSegments(urls, plan, new Date(), (done, whole) =>
    console.log(`${((done / whole) * 100).toFixed(0).padStart(3)} %  ${done} rows, ${seconds(begun)}`),
  );
  console.log(`${loaded.rows} segments of ${plan.cameras} cameras in ${plan.days} days, loaded in ${seconds(begun)}`);
  const inside = new URL(superuser_url);
  inside.pathname = `/${DATABASE}`;
  console.log(`Size on disk: ${await settle(inside.href)}\n`);
  const measured = await measureSegments(urls, loaded, Number(values.rounds));
  console.log(tableOf(measured));
  const wide = measured.filter(({ days }) => days !== 1);
  for (const { what, days } of wide) console.error(`✗ ${what} reads ${days} partitions for one day`);
  return wide.length === 0;
};

mustHaveRoom();
const folder = mkdtempSync(join(values.folder, "gt-segments-"));
const server = await startPostgres({ dataDir: join(folder, "postgres"), password: "superuser", durable: false });
/** Half an hour of loading is often ended by hand: nothing of it may be left, neither the server nor its 31 GB. */
const giveUp = (): void => void end().then(() => process.exit(130));
const end = async (): Promise<void> => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
};
process.once("SIGINT", giveUp).once("SIGTERM", giveUp);
try {
  process.exitCode = (await bench(server.superuser_url)) ? 0 : 1;
} finally {
  await end();
}
