/** PgBouncer in transaction mode before any PostgreSQL. */
import { chownSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { freePorts, startProgram, temporaryFolder, type Running } from "./process.ts";

export type PgbouncerServer = Running & {
  port: number;
  /** The same login and database, through the pool. */
  through(url: string): string;
};
export type PgbouncerOptions = {
  binary: string;
  /** The server behind it: `postgres://host:port`; what else the address says is not heeded. */
  upstream: string;
  /** Login → password. */
  users: Record<string, string>;
  /** Connections per login and database. Default 1: whatever a session would carry over shows at once. */
  pool_size?: number;
  /** Further lines of its section `[pgbouncer]`. */
  settings?: Record<string, string | number>;
  port?: number;
  say?: (line: string) => void;
};

const NOBODY = 65_534;

export const startPgbouncer = async (options: PgbouncerOptions): Promise<PgbouncerServer> => {
  const folder = temporaryFolder("pgbouncer");
  const [free = 0] = options.port === undefined ? await freePorts(1) : [options.port];
  const file = (name: string, text: string): string => {
    const path = join(folder.path, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const users = Object.entries(options.users).map(([user, password]) => `"${user}" "${password}"\n`);
  const list = file("users.txt", users.join(""));
  const config = file("pgbouncer.ini", configuration(options, free, list));
  const isRoot = process.getuid?.() === 0;
  if (isRoot) for (const path of [folder.path, list, config]) chownSync(path, NOBODY, NOBODY);
  const running = await startProgram({
    name: "PgBouncer",
    command: options.binary,
    args: [config],
    ...(isRoot ? { uid: NOBODY } : {}),
    ready: async () => {
      const socket = createConnection(free, "127.0.0.1");
      await once(socket, "connect").finally(() => socket.destroy());
    },
    ready_ms: 20_000,
    end: "SIGINT",
    ...(options.say ? { say: options.say } : {}),
  });
  const stop = async (): Promise<void> => {
    await running.stop();
    folder.remove();
  };
  const through = (url: string): string => {
    const changed = new URL(url);
    changed.host = `127.0.0.1:${free}`;
    return changed.href;
  };
  return { ...running, stop, port: free, through };
};

const configuration = (options: PgbouncerOptions, port: number, users: string): string => {
  const upstream = new URL(options.upstream);
  const settings = {
    listen_addr: "127.0.0.1",
    listen_port: port,
    unix_socket_dir: "",
    auth_type: "scram-sha-256",
    // Plain passwords in a file of its own: it signs in to the server with them.
    auth_file: users,
    pool_mode: "transaction",
    default_pool_size: options.pool_size ?? 1,
    max_client_conn: 1000,
    ...options.settings,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  return `[databases]\n* = host=${upstream.hostname} port=${upstream.port}\n\n[pgbouncer]\n${lines.join("\n")}\n`;
};
