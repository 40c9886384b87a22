/** A Node server around a host, and its orderly end. */
import { createServer as createPlain, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTls } from "node:https";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import type { Host } from "./host.ts";

export type ServeOptions = {
  /** 0: any free one. */
  port: number;
  /** Default: loopback. */
  address?: string;
  /** PEM texts. Without them it speaks plain HTTP. */
  tls?: { cert: string; key: string };
  /** How long headers, and a whole request, may trickle in. Default 10 s and 60 s. */
  patience_ms?: { headers: number; request: number };
  /** How long requests are still taken after readiness said no: what routes to us needs a moment to notice. Default 0. */
  drain_delay_seconds?: number;
  /** How long what is under way may take to finish. Default 25. */
  drain_seconds?: number;
};

export type Serving = {
  server: Server;
  port: number;
  /** Stops taking, finishes what is under way, at most `drain_seconds`. */
  close(): Promise<void>;
};

const DRAIN_SECONDS = 25;

export const serve = async (host: Pick<Host, "fetch" | "drain" | "close">, options: ServeOptions): Promise<Serving> => {
  const limits = limitsOf(options.patience_ms ?? { headers: 10_000, request: 60_000 });
  const server = createAdaptorServer({
    fetch: (request, { incoming }) =>
      host.fetch(request, { address: (incoming as IncomingMessage).socket.remoteAddress }),
    ...(options.tls
      ? { createServer: createTls, serverOptions: { ...limits, ...options.tls } }
      : { createServer: createPlain, serverOptions: limits }),
  }) as Server;
  const letGo = lettingGo(server);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.address ?? "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
  return {
    server,
    port: (server.address() as AddressInfo).port,
    close: () => closing(server, letGo, host, options),
  };
};

/** A body or headers that trickle in are given up; idle connections outlive those of the proxies before us. */
const limitsOf = ({ headers, request }: { headers: number; request: number }) => ({
  headersTimeout: headers,
  requestTimeout: request,
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: headers / 2,
  maxHeaderSize: 16 * 1024,
});

/** Answers what makes every answer under way the last on its line: kept alive, one would hold up the end for `drain_seconds`. */
const lettingGo = (server: Server): (() => void) => {
  const open = new Set<ServerResponse>();
  const state = { ending: false };
  const makeLast = (response: ServerResponse): void => {
    if (response.headersSent) response.once("finish", () => response.req.socket.end());
    else response.setHeader("connection", "close");
  };
  server.prependListener("request", (_request, response: ServerResponse) => {
    if (state.ending) return makeLast(response);
    open.add(response);
    response.once("close", () => open.delete(response));
  });
  return () => {
    state.ending = true;
    for (const response of open) makeLast(response);
  };
};

const closing = async (
  server: Server,
  letGo: () => void,
  host: Pick<Host, "drain" | "close">,
  options: ServeOptions,
): Promise<void> => {
  host.drain();
  await pause(options.drain_delay_seconds ?? 0);
  letGo();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const deadline = new AbortController();
  const late = pause(options.drain_seconds ?? DRAIN_SECONDS, deadline.signal).then(() => server.closeAllConnections());
  await Promise.race([Promise.all([closed, host.close()]), late]);
  deadline.abort();
  server.closeAllConnections();
};

const pause = (seconds: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (seconds === 0) return resolve();
    const timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener("abort", () => clearTimeout(timer));
  });
