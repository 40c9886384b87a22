/** A database of one's own: `const db = await testDatabase()` in `beforeAll`, `await db.close()` in `afterAll`. */
import { randomBytes } from "node:crypto";
import postgres from "postgres";
import { inject } from "vitest";
import { connectSql, type Sql } from "#lib/db/connect.ts";
import { passwords, TEMPLATE } from "./global-setup.ts";

export type TestDatabase = {
  name: string;
  /** What functions are served with. */
  app: Sql;
  system: Sql;
  owner: Sql;
  urls: { app: string; system: string; owner: string };
  close(): Promise<void>;
};

export const testDatabase = async (): Promise<TestDatabase> => {
  const superuser_url = inject("superuser_url");
  const name = `gt_${randomBytes(8).toString("hex")}`;
  await asSuperuser(superuser_url, `create database ${name} owner gt_owner template ${TEMPLATE} strategy file_copy`);
  const url = (user: keyof typeof passwords): string => {
    const made = new URL(superuser_url);
    made.pathname = `/${name}`;
    made.username = user;
    made.password = passwords[user];
    return made.href;
  };
  const pooled_port = inject("pooled_port");
  const served = (user: "gt_app" | "gt_system"): string =>
    pooled_port === null ? url(user) : throughPool(url(user), pooled_port);
  const urls = { app: served("gt_app"), system: served("gt_system"), owner: url("gt_owner") };
  const pools = {
    app: connectSql(urls.app, { max: 4, application_name: "test app" }),
    system: connectSql(urls.system, { max: 4, application_name: "test system" }),
    owner: connectSql(urls.owner, { max: 2, application_name: "test owner" }),
  };
  return {
    name,
    ...pools,
    urls,
    async close() {
      await Promise.all(Object.values(pools).map((pool) => pool.end({ timeout: 2 })));
      await asSuperuser(superuser_url, `drop database if exists ${name} with (force)`);
    },
  };
};

/** GT_TEST_PGBOUNCER=1: what is about two transactions of one login at once has nothing to prove there. */
export const isOneConnection = (): boolean => inject("pooled_port") !== null;

/** As programs reach a PgBouncer: by an address that says so. */
export const throughPool = (url: string, port: number): string => {
  const pooled = new URL(url);
  pooled.host = `127.0.0.1:${port}`;
  pooled.searchParams.set("pgbouncer", "1");
  return pooled.href;
};

const asSuperuser = async (url: string, statement: string): Promise<void> => {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end();
  }
};
