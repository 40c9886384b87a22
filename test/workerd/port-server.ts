/** Lends the object store and the cache of the tests' host to processes and isolates beside it, on loopback. */
import { createServer, type IncomingMessage } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Cache } from "#lib/cache/cache.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import { fromWire, toWire, type Asked } from "./wire.ts";

export type PortServer = { url: string; close(): Promise<void> };

export const servePorts = async (ports: { objects: ObjectStore; cache: Cache }): Promise<PortServer> => {
  const answer = async (request: IncomingMessage): Promise<string> => {
    const { port, method, args } = fromWire(await bodyOf(request)) as Asked;
    const call = (ports[port] as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[method];
    if (!call) throw new Error(`${port} has no ${method}`);
    return toWire(await call.apply(ports[port], args));
  };
  const server = createServer((request, response) => {
    answer(request).then(
      (text) => response.end(text),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
};
