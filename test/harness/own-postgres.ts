/** A PostgreSQL of one's own, to be stopped, killed or filled: with the product's durability, and back by itself when it is gone. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keepPostgres } from "#infra/local/kept-postgres.ts";
import { connectSql } from "#lib/db/connect.ts";
import { ensureLogins } from "#lib/db/logins.ts";
import { migrate } from "#lib/db/migrate.ts";
import type { TestDatabase } from "./database.ts";
import { passwords } from "./global-setup.ts";

export type OwnPostgres = {
  database: TestDatabase;
  /** The server and everything that it has started. */
  pids(): number[];
  pid(): number | null;
};

const NAME = "gt_vision";

export const startOwnPostgres = async (): Promise<OwnPostgres> => {
  const folder = mkdtempSync(join(tmpdir(), "gt-own-postgres-"));
  const options = { dataDir: join(folder, "postgres"), password: "superuser", durable: true };
  const kept = await keepPostgres(options);
  await ensureLogins(kept.superuser_url, NAME, passwords);
  const url = (user: keyof typeof passwords): string => {
    const made = new URL(kept.superuser_url);
    Object.assign(made, { pathname: `/${NAME}`, username: user, password: passwords[user] });
    return made.href;
  };
  const urls = { app: url("gt_app"), system: url("gt_system"), owner: url("gt_owner") };
  await migrate(urls.owner, join(import.meta.dirname, "../../migrations"));
  const pools = { app: connectSql(urls.app), system: connectSql(urls.system), owner: connectSql(urls.owner) };
  const close = async (): Promise<void> => {
    await Promise.all(Object.values(pools).map((pool) => pool.end({ timeout: 2 })));
    await kept.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    database: { name: NAME, ...pools, urls, close },
    pid: kept.pid,
    pids: () => {
      const pid = kept.pid();
      return pid === null ? [] : [pid, ...childrenOf(pid)];
    },
  };
};

const childrenOf = (parent: number): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
    .map(Number);

/** The fourth field; the second may hold spaces and brackets. */
const parentOf = (pid: string): number => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return 0;
  }
};
