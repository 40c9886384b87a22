/**
 * Servers that are not this program's own: their addresses stand in the environment, or with `--real` in infra/servers.env,
 * which also gives infra/compose.yml its passwords. What has no address stays on this machine's own adapter.
 */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { parseEnv } from "node:util";
import * as z from "zod";
import { readEnvironment } from "#lib/environment.ts";

const Addresses = z.object({
  DATABASE_URL: z.url().optional(),
  SYSTEM_DATABASE_URL: z.url().optional(),
  /** Direct, never through a pooler: migrations. */
  OWNER_DATABASE_URL: z.url().optional(),
  /** Where the logins and the database are to be made too. */
  SUPERUSER_DATABASE_URL: z.url().optional(),
  BROKER_URL: z.string().default("postgres:"),
  /** The broker's queues are loaded over it before anything starts. */
  RABBITMQ_MANAGEMENT_URL: z.url().optional(),
  FRAMES_URL: z.string().default("memory:"),
  CACHE_URL: z.string().default("memory:"),
  OBJECTS_URL: z.string().optional(),
});
export type Addresses = z.infer<typeof Addresses>;

const databaseNames = ["DATABASE_URL", "SYSTEM_DATABASE_URL", "OWNER_DATABASE_URL"] as const;

/** Throws one sentence for people. */
export const readAddresses = (source: Record<string, string | undefined>): Addresses => {
  const addresses = readEnvironment(Addresses, source);
  const given = databaseNames.filter((name) => addresses[name] !== undefined);
  if (given.length > 0 && given.length < databaseNames.length) {
    const absent = databaseNames.filter((name) => !given.includes(name));
    throw new Error(`${given.join(" and ")} given without ${absent.join(" and ")}: all three, or none.`);
  }
  for (const name of ["BROKER_URL", "FRAMES_URL"] as const) {
    if (addresses[name].startsWith("amqp") && !addresses.RABBITMQ_MANAGEMENT_URL)
      throw new Error(`${name} names a RabbitMQ: RABBITMQ_MANAGEMENT_URL says where its queues are loaded.`);
  }
  if (addresses.FRAMES_URL.startsWith("amqp") && !addresses.CACHE_URL.startsWith("redis")) {
    throw new Error("FRAMES_URL names a RabbitMQ: the bytes of frames wait in Redis, which CACHE_URL names.");
  }
  return addresses;
};

const FILE = "infra/servers.env";
export const UP = `docker compose -f infra/compose.yml --env-file ${FILE} up --detach --wait`;

/** The addresses of `--real`. Made once; a new file belongs to servers that do not run yet. */
export const readServersFile = (root: string): { file: string; made: boolean; source: Record<string, string> } => {
  const file = join(root, FILE);
  const made = !existsSync(file);
  if (made) writeFileSync(file, newServersFile(), { mode: 0o600 });
  return { file, made, source: parseEnv(readFileSync(file, "utf8")) as Record<string, string> };
};

const newServersFile = (): string => {
  const secret = (): string => randomBytes(24).toString("hex");
  const [superuser, owner, app, system, rabbitmq, redis, objects] = Array.from({ length: 7 }, secret);
  return [
    "# Made once by `npm start -- --real`: addresses and passwords of the servers of infra/compose.yml. Keep it with your backups.",
    `POSTGRES_PASSWORD=${superuser}`,
    `RABBITMQ_PASSWORD=${rabbitmq}`,
    `REDIS_PASSWORD=${redis}`,
    `OBJECTS_SECRET_KEY=${objects}`,
    `SUPERUSER_DATABASE_URL=postgres://gt_superuser:${superuser}@127.0.0.1:5432/postgres`,
    `OWNER_DATABASE_URL=postgres://gt_owner:${owner}@127.0.0.1:5432/gt_vision`,
    `DATABASE_URL=postgres://gt_app:${app}@127.0.0.1:6432/gt_vision?pgbouncer=1`,
    `SYSTEM_DATABASE_URL=postgres://gt_system:${system}@127.0.0.1:6432/gt_vision?pgbouncer=1`,
    `BROKER_URL=amqp://gt:${rabbitmq}@127.0.0.1:5672`,
    `RABBITMQ_MANAGEMENT_URL=http://gt:${rabbitmq}@127.0.0.1:15672`,
    `FRAMES_URL=amqp://gt:${rabbitmq}@127.0.0.1:5672`,
    `CACHE_URL=redis://:${redis}@127.0.0.1:6379`,
    `OBJECTS_URL=s3:http://gt-vision:${objects}@127.0.0.1:7070/gt-`,
    "",
  ].join("\n");
};

/** Each server that takes no connection, as `BROKER_URL 127.0.0.1:5672`. */
export const unreachable = async (addresses: Addresses): Promise<string[]> => {
  const asked = Object.entries(addresses).flatMap(([name, address]) =>
    address === undefined ? [] : endpointOf(name, address),
  );
  const answered = await Promise.all(asked.map(async (one) => ({ ...one, there: await connects(one) })));
  return answered.filter(({ there }) => !there).map(({ name, host, port }) => `${name} ${host}:${port}`);
};

type Endpoint = { name: string; host: string; port: number };
const ports: Record<string, number> = {
  "postgres:": 5432,
  "postgresql:": 5432,
  "amqp:": 5672,
  "amqps:": 5671,
  "redis:": 6379,
  "rediss:": 6379,
  "http:": 80,
  "https:": 443,
};

/** Of what is on this machine's own adapter there is none. */
const endpointOf = (name: string, address: string): Endpoint[] => {
  const url = URL.parse(address.replace(/^s3:/, ""));
  if (!url) return [];
  const { protocol, hostname, port } = url;
  const number = Number(port) || ports[protocol];
  return hostname === "" || number === undefined ? [] : [{ name, host: hostname, port: number }];
};

const CONNECT_MS = 3000;

const connects = async ({ host, port }: Endpoint): Promise<boolean> => {
  const socket = createConnection(port, host);
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(CONNECT_MS) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
};
