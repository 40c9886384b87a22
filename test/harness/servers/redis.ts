/** Redis 7 that keeps nothing on disk. */
import { createConnection } from "node:net";
import { once } from "node:events";
import { freePorts, startProgram, temporaryFolder, type Running } from "./process.ts";

export type RedisServer = Running & { url: string; port: number };
export type RedisOptions = {
  binary: string;
  /** Default: a free one. A restart takes its old one. */
  port?: number;
  say?: (line: string) => void;
};

/** So many test files can have a database number of their own at once. */
export const REDIS_DATABASES = 256;

export const startRedis = async (options: RedisOptions): Promise<RedisServer> => {
  const folder = temporaryFolder("redis");
  const [free = 0] = options.port === undefined ? await freePorts(1) : [options.port];
  const settings = { bind: "127.0.0.1", port: free, dir: folder.path, save: "", appendonly: "no", daemonize: "no" };
  const args = Object.entries({ ...settings, databases: REDIS_DATABASES }).flatMap(([name, value]) => [
    `--${name}`,
    String(value),
  ]);
  const running = await startProgram({
    name: "Redis",
    command: options.binary,
    args,
    ready: () => ping(free),
    ready_ms: 20_000,
    end: "SIGTERM",
    ...(options.say ? { say: options.say } : {}),
  });
  const stop = async (): Promise<void> => {
    await running.stop();
    folder.remove();
  };
  return { ...running, stop, url: `redis://127.0.0.1:${free}`, port: free };
};

const ping = async (port: number): Promise<void> => {
  const socket = createConnection(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    socket.write("PING\r\n");
    const [answer] = (await once(socket, "data")) as [Buffer];
    if (!String(answer).startsWith("+PONG")) throw new Error("Redis is loading");
  } finally {
    socket.destroy();
  }
};
