/**
 * One instance of each server for the whole run, started when the first test file asks for it: a run that needs none pays
 * for none. Test files are other processes, so they ask over a loopback address of the global setup.
 */
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { findServer, serverNames, type ServerName } from "./available.ts";
import { startMinio } from "./minio.ts";
import { startPgbouncer } from "./pgbouncer.ts";
import type { Running } from "./process.ts";
import { startRabbitmq } from "./rabbitmq.ts";
import { startRedis } from "./redis.ts";
import { startVersitygw } from "./versitygw.ts";

/** What a test file is told. `turn` is another number for each that asks. */
export type Answers = {
  redis: { url: string; turn: number };
  rabbitmq: { url: string; management_url: string; turn: number };
  minio: { url: string; access_key: string; secret_key: string; turn: number };
  versitygw: { url: string; access_key: string; secret_key: string; turn: number };
  pgbouncer: { port: number; turn: number };
};
export type Told<N extends ServerName> = Answers[N] | { missing: string };
type Started = { server: Running; told: Record<string, unknown> };

export type Servers = { url: string; close(): Promise<void> };

/** `upstream`: what PgBouncer stands before, and who may sign in through it. */
export const offerServers = async (parts: {
  upstream: string;
  users: Record<string, string>;
  say: (line: string) => void;
}): Promise<Servers> => {
  const { say } = parts;
  const starts: Record<ServerName, (binary: string) => Promise<Started>> = {
    redis: async (binary) => {
      const server = await startRedis({ binary, say });
      return { server, told: { url: server.url } };
    },
    rabbitmq: async (binary) => {
      const server = await startRabbitmq({ binary, say });
      return { server, told: { url: server.url, management_url: server.management_url } };
    },
    minio: async (binary) => {
      const server = await startMinio({ binary, say });
      const { url, access_key, secret_key } = server;
      return { server, told: { url, access_key, secret_key } };
    },
    versitygw: async (binary) => {
      const server = await startVersitygw({ binary, say });
      const { url, access_key, secret_key } = server;
      return { server, told: { url, access_key, secret_key } };
    },
    pgbouncer: async (binary) => {
      const server = await startPgbouncer({ binary, upstream: parts.upstream, users: parts.users, say });
      return { server, told: { port: server.port } };
    },
  };
  const started = new Map<ServerName, Promise<Started | { missing: string }>>();
  let turn = 0;

  const begin = async (name: ServerName): Promise<Started | { missing: string }> => {
    const found = await findServer(name, say);
    if ("binary" in found) return starts[name](found.binary);
    say(`${name} cannot be had: ${found.missing}. Its tests are left out.`);
    return found;
  };
  const tell = async (name: ServerName): Promise<object> => {
    if (!started.has(name)) started.set(name, begin(name));
    const one = await started.get(name)!;
    return "missing" in one ? one : { ...one.told, turn: turn++ };
  };

  const control = createServer((request, response) => {
    const name = serverNames.find((known) => request.url === `/${known}`);
    if (!name) return void response.writeHead(404).end();
    tell(name).then(
      (told) => response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(told)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  // An installation may take longer than any answer usually does.
  control.requestTimeout = 0;
  control.listen(0, "127.0.0.1");
  await once(control, "listening");

  const close = async (): Promise<void> => {
    control.close();
    control.closeAllConnections();
    const all = await Promise.allSettled(started.values());
    await Promise.all(
      all.map(async (one) => {
        if (one.status === "fulfilled" && "server" in one.value) await one.value.server.stop();
      }),
    );
  };
  return { url: `http://127.0.0.1:${(control.address() as AddressInfo).port}`, close };
};
