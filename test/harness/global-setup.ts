/**
 * One PostgreSQL for the whole run; a migrated template that each test file clones in some 30 ms. Every other server is
 * started when a test file asks for it.
 */
import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { freemem, tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import postgres from "postgres";
import { migrate } from "#lib/db/migrate.ts";
import { ensureLogins } from "#lib/db/logins.ts";
import { startPostgres } from "#infra/local/postgres.ts";
import { offerServers, type Servers } from "./servers/control.ts";

declare module "vitest" {
  interface ProvidedContext {
    superuser_url: string;
    servers_url: string;
    /** With GT_TEST_PGBOUNCER=1: every database of the tests is reached through it. */
    pooled_port: number | null;
  }
}

/** A million plate reads and some hundred copies of the template, twice. */
const ROOM_IN_MEMORY = 8e9;
export const TEMPLATE = "gt_template";
export const passwords = { gt_owner: "owner", gt_app: "app", gt_system: "system", gt_backup: "backup" };

export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const folder = mkdtempSync(join(quickFolder(), "gt-test-"));
  // For every program that tests start: its modules are compiled once, and later starts load them at half the CPU.
  process.env["NODE_COMPILE_CACHE"] = join(folder, "compiled");
  const other = process.env["GT_TEST_POSTGRES"];
  const server = await startPostgres({
    dataDir: join(folder, "postgres"),
    password: "superuser",
    durable: false,
    ...(other === undefined ? {} : { binaries: other }),
  });
  let servers: Servers | null = null;
  const stop = async (): Promise<void> => {
    await servers?.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await makeTemplate(server.superuser_url);
    const say = (line: string): void => console.log(line);
    servers = await offerServers({ upstream: server.superuser_url, users: passwords, say });
  } catch (error) {
    await stop();
    throw error;
  }
  project.provide("superuser_url", server.superuser_url);
  project.provide("servers_url", servers.url);
  project.provide("pooled_port", process.env["GT_TEST_PGBOUNCER"] === "1" ? await poolOf(servers.url) : null);
  return stop;
};

/** One connection for each login of each database, in transaction mode. */
const poolOf = async (servers_url: string): Promise<number> => {
  const told = (await (await fetch(`${servers_url}/pgbouncer`)).json()) as { port: number } | { missing: string };
  if ("missing" in told) throw new Error(`GT_TEST_PGBOUNCER=1, but ${told.missing}`);
  return told.port;
};

/**
 * Every database is a copy of a thousand small files: in memory that costs a fifth of the CPU that a disk's journal takes. The
 * tests of kills and of full disks start servers of their own, on real disks.
 */
const quickFolder = (): string => {
  const inMemory = "/dev/shm";
  try {
    const { bavail, bsize } = statfsSync(inMemory);
    return Math.min(bavail * bsize, freemem()) > ROOM_IN_MEMORY ? inMemory : tmpdir();
  } catch {
    return tmpdir();
  }
};

const makeTemplate = async (superuser_url: string): Promise<void> => {
  await ensureLogins(superuser_url, TEMPLATE, passwords);
  const url = new URL(superuser_url);
  url.pathname = `/${TEMPLATE}`;
  url.username = "gt_owner";
  url.password = passwords.gt_owner;
  await migrate(url.href, join(import.meta.dirname, "../../migrations"));
  const sql = postgres(superuser_url, { max: 1 });
  await sql.unsafe(`alter database ${TEMPLATE} is_template true allow_connections false`);
  await sql.end();
};
