/**
 * `node test/bench/api.ts [--rate 1000] [--seconds 20] [--rows 1000000] [--data FOLDER]`: what the kit costs beside a bare
 * server with the same statements, in one run. With `--data` the loaded database is kept there for the next run.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connectSql } from "#lib/db/connect.ts";
import { migrate } from "#lib/db/migrate.ts";
import { ensureLogins } from "#lib/db/logins.ts";
import { startPostgres } from "#infra/local/postgres.ts";
import { compare, tableOf, type Urls } from "./api-compare.ts";
import { loadReads, type City, type ReadsPlan } from "./million-reads.ts";

const passwords = { gt_owner: "owner", gt_app: "app", gt_system: "system", gt_backup: "backup" };
const DATABASE = "gt_bench";
/** Half of the run is spent on warming up and on the other server. */
const ROUNDS = 2;

const { values } = parseArgs({
  options: {
    rate: { type: "string", default: "1000" },
    seconds: { type: "string", default: "20" },
    rows: { type: "string", default: "1000000" },
    data: { type: "string" },
  },
});
const rows = Number(values.rows);
const folder = values.data ?? mkdtempSync(join(tmpdir(), "gt-bench-"));
const loadedFile = join(folder, "loaded.json");
type Loaded = { cities: City[]; reads: ReadsPlan };

const urlsOf = (superuser_url: string): Urls & { owner: string } => {
  const url = (user: keyof typeof passwords): string => {
    const made = new URL(superuser_url);
    Object.assign(made, { pathname: `/${DATABASE}`, username: user, password: passwords[user] });
    return made.href;
  };
  return { app: url("gt_app"), system: url("gt_system"), owner: url("gt_owner") };
};

/** Loaded without waiting for the disk; measured with the product's own settings. */
const prepare = async (): Promise<Loaded> => {
  if (existsSync(loadedFile)) return JSON.parse(readFileSync(loadedFile, "utf8")) as Loaded;
  mkdirSync(folder, { recursive: true });
  const server = await startPostgres({ dataDir: join(folder, "postgres"), password: "superuser", durable: false });
  try {
    await ensureLogins(server.superuser_url, DATABASE, passwords);
    const { owner } = urlsOf(server.superuser_url);
    await migrate(owner, join(import.meta.dirname, "../../migrations"));
    const sql = connectSql(owner, { max: 1 });
    await sql`set statement_timeout = 0`;
    const reads = { rows, cities: 20, cameras_per_city: 10, days: 14, newest_ms: Date.now() };
    const cities = await loadReads(sql, reads);
    await sql.unsafe("vacuum (analyze) lpr_events, lpr_plate_keys");
    await sql.end();
    const loaded = { cities, reads };
    writeFileSync(loadedFile, JSON.stringify(loaded));
    return loaded;
  } finally {
    await server.stop();
  }
};

console.log(`Loading ${rows} plate reads …`);
const { cities, reads } = await prepare();
const server = await startPostgres({ dataDir: join(folder, "postgres"), password: "superuser", durable: true });
try {
  const load = { rate: Number(values.rate), seconds: Number(values.seconds), reads };
  console.log(tableOf(await compare({ urls: urlsOf(server.superuser_url), cities, load, rounds: ROUNDS })));
} finally {
  await server.stop();
  if (values.data === undefined) rmSync(folder, { recursive: true });
}
