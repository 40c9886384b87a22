/** The servers of a grown system, its own ones, each behind a line that can be cut. Killed, they come back over the same data. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { catalogue } from "#functions/catalogue.ts";
import { contracts } from "#infra/derive.ts";
import { keepPostgres, type KeptPostgres } from "#infra/local/kept-postgres.ts";
import { definitionsOf } from "#infra/rabbitmq/definitions.ts";
import { mostDays, prepareObjects } from "#infra/s3/buckets.ts";
import { ensureLogins } from "#lib/db/logins.ts";
import { migrate } from "#lib/db/migrate.ts";
import { startFaultProxy, type FaultProxy } from "#test/harness/fault-proxy.ts";
import { passwords } from "#test/harness/global-setup.ts";
import { findServer, type ServerName } from "#test/harness/servers/available.ts";
import { startMinio } from "#test/harness/servers/minio.ts";
import { startPgbouncer } from "#test/harness/servers/pgbouncer.ts";
import { startRabbitmq } from "#test/harness/servers/rabbitmq.ts";
import { startRedis } from "#test/harness/servers/redis.ts";
import { testVhost } from "#test/harness/servers/vhost.ts";

export const lineNames = ["postgres", "rabbitmq", "redis", "objects"] as const;
export type LineName = (typeof lineNames)[number];

export type GrownServers = {
  /** For programs, over the lines. `OWNER_DATABASE_URL` and `RABBITMQ_MANAGEMENT_URL` go past them. */
  addresses: Record<string, string>;
  lines: Record<LineName, FaultProxy>;
  /** By name, as long as they live. */
  pids(): { name: LineName | "pgbouncer"; pid: number }[];
  /** As a power cut would; answers once it serves again. */
  killAndRestart(name: LineName): Promise<void>;
  stop(): Promise<void>;
};

const needed: readonly ServerName[] = ["rabbitmq", "redis", "minio", "pgbouncer"];

/**
 * For suites, at the top level of their file: the title with the mark by which `test/run.ts` counts what is left out, where
 * one of the servers cannot be had.
 */
export const grownTitle = async (title: string): Promise<{ title: string; isMissing: boolean }> => {
  for (const name of needed)
    if ("missing" in (await findServer(name, console.log)))
      return { title: `${title} (without ${name})`, isMissing: true };
  return { title, isMissing: false };
};

type Server = { pid(): number; killAndRestart(): Promise<void>; stop(): Promise<void> };

const DATABASE = "gt_vision";
const POOL_SIZE = 4;

/** `public_url`: where the console is served; its pages may read from the object store. `objects_folder`: on another volume. */
export const startGrownServers = async (public_url: string, objects_folder?: string): Promise<GrownServers> => {
  const folder = mkdtempSync(join(tmpdir(), "gt-grown-"));
  const stops: (() => Promise<void>)[] = [async () => rmSync(folder, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).toReversed()) await one();
  };
  const keep = <T extends { stop(): Promise<void> }>(server: T): T => {
    stops.push(() => server.stop());
    return server;
  };
  const lineTo = async (url: string): Promise<FaultProxy> => {
    const { hostname, port } = new URL(url);
    const line = await startFaultProxy({ host: hostname, port: Number(port) });
    stops.push(() => line.close());
    return line;
  };
  try {
    const database = await startDatabase(folder, keep);
    const [rabbitmq, redis, objects] = await Promise.all([
      startBroker(keep),
      startCache(keep),
      startObjects(objects_folder ?? join(folder, "objects"), keep),
    ]);
    const lines = {
      postgres: await lineTo(database.pooled),
      rabbitmq: await lineTo(rabbitmq.url),
      redis: await lineTo(redis.url),
      objects: await lineTo(objects.url),
    };
    const objectsUrl = `s3:${lines.objects.through(objects.url)}gt-`;
    await prepareObjects(objectsUrl, { public_url, most_days: mostDays });
    const throughPool = (user: "gt_app" | "gt_system"): string =>
      `${lines.postgres.through(urlAs(database.pooled, user))}?pgbouncer=1`;
    const servers: Record<LineName, Server> = { postgres: database, rabbitmq, redis, objects };
    return {
      addresses: {
        DATABASE_URL: throughPool("gt_app"),
        SYSTEM_DATABASE_URL: throughPool("gt_system"),
        OWNER_DATABASE_URL: database.owner,
        BROKER_URL: lines.rabbitmq.through(rabbitmq.url),
        FRAMES_URL: lines.rabbitmq.through(rabbitmq.url),
        RABBITMQ_MANAGEMENT_URL: rabbitmq.management_url,
        CACHE_URL: lines.redis.through(redis.url),
        OBJECTS_URL: objectsUrl,
      },
      lines,
      pids: () => [
        ...lineNames.map((name) => ({ name, pid: servers[name].pid() })),
        { name: "pgbouncer" as const, pid: database.pool_pid },
      ],
      killAndRestart: (name) => servers[name].killAndRestart(),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};

type Keep = <T extends { stop(): Promise<void> }>(server: T) => T;

const binaryOf = async (name: ServerName): Promise<string> => {
  const found = await findServer(name, console.log);
  if ("missing" in found) throw new Error(`${name} cannot be had: ${found.missing}`);
  return found.binary;
};

const urlAs = (url: string, user: keyof typeof passwords): string => {
  const made = new URL(url);
  Object.assign(made, { username: user, password: passwords[user], pathname: `/${DATABASE}` });
  return made.href;
};

/** With the product's durability; it restarts itself, on its old port. */
const startDatabase = async (folder: string, keep: Keep) => {
  const options = { dataDir: join(folder, "postgres"), password: "superuser", durable: true };
  const kept: KeptPostgres = keep(await keepPostgres(options));
  await ensureLogins(kept.superuser_url, DATABASE, passwords);
  const owner = urlAs(kept.superuser_url, "gt_owner");
  await migrate(owner, join(import.meta.dirname, "../../migrations"));
  const pool = keep(
    await startPgbouncer({
      binary: await binaryOf("pgbouncer"),
      upstream: kept.superuser_url,
      users: passwords,
      pool_size: POOL_SIZE,
      settings: { server_login_retry: 1 },
    }),
  );
  return {
    owner,
    pooled: pool.through(kept.superuser_url),
    pool_pid: pool.pid,
    pid: () => kept.pid() ?? 0,
    killAndRestart: async () => {
      const before = kept.pid();
      if (before !== null) process.kill(before, "SIGKILL");
      while (kept.pid() === null || kept.pid() === before) await new Promise((resolve) => setTimeout(resolve, 20));
    },
    stop: () => kept.stop(),
  };
};

const startBroker = async (keep: Keep) => {
  const server = keep(await startRabbitmq({ binary: await binaryOf("rabbitmq") }));
  const vhost = await testVhost(server, definitionsOf(catalogue, contracts));
  return {
    url: vhost.url,
    management_url: server.management_url,
    pid: () => server.pid,
    killAndRestart: async () => {
      await server.kill();
      await server.start();
    },
    stop: () => server.stop(),
  };
};

const startCache = async (keep: Keep) => {
  const binary = await binaryOf("redis");
  let server = await startRedis({ binary });
  keep({ stop: () => server.stop() });
  const { url, port } = server;
  return {
    url,
    pid: () => server.pid,
    killAndRestart: async () => {
      await server.kill();
      server = await startRedis({ binary, port });
    },
    stop: () => server.stop(),
  };
};

const startObjects = async (folder: string, keep: Keep) => {
  const binary = await binaryOf("minio");
  let server = await startMinio({ binary, folder });
  keep({ stop: () => server.stop() });
  const { url, port, access_key, secret_key } = server;
  const withKeys = new URL(url);
  Object.assign(withKeys, { username: access_key, password: secret_key });
  return {
    url: withKeys.href,
    pid: () => server.pid,
    killAndRestart: async () => {
      await server.kill();
      server = await startMinio({ binary, folder, port, access_key, secret_key });
    },
    stop: () => server.stop(),
  };
};
