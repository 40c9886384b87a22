/** A Node server around a host, and its orderly end. */
import { createServer as createPlain, type IncomingMessage, type Server } from "node:http";
import { createServer as createTls } from "node:https";
import type { AddressInfo } from "node:net";
import { getRequestListener, RequestError } from "@hono/node-server";
import type { Host } from "./host.ts";
import { answerUnreadable, watchLines, type Lines } from "./lines.ts";
import { unreadableOf } from "./unreadable.ts";

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

type Served = Pick<Host, "fetch" | "refuse" | "drain" | "close">;

export const serve = async (host: Served, options: ServeOptions): Promise<Serving> => {
  const limits = limitsOf(options.patience_ms ?? { headers: 10_000, request: 60_000 });
  const secure = options.tls !== undefined;
  const listener = getRequestListener(
    (request, { incoming }) => host.fetch(request, { address: (incoming as IncomingMessage).socket.remoteAddress }),
    {
      // The host answers its own faults: what comes here has no host, or an address that is none.
      errorHandler(fault) {
        if (!(fault instanceof RequestError)) return new Response(null, { status: 500 });
        const { status, headers, body } = host.refuse(unreadableOf(undefined, fault), secure);
        return new Response(body, { status, headers });
      },
    },
  );
  const server = options.tls ? createTls({ ...limits, ...options.tls }, listener) : createPlain(limits, listener);
  const lines = watchLines(server, secure);
  answerUnreadable(server, lines, (code, cause) => host.refuse(unreadableOf(code, cause), secure));
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
    close: () => closing(server, lines, host, options),
  };
};

/** A body or headers that trickle in are given up; idle connections outlive those of the proxies before us. */
const limitsOf = ({ headers, request }: { headers: number; request: number }) => ({
  headersTimeout: headers,
  requestTimeout: request,
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: headers / 2,
  maxHeaderSize: 16 * 1024,
  // Without one the request is refused by us, in our words.
  requireHostHeader: false,
});

const closing = async (
  server: Server,
  lines: Lines,
  host: Pick<Served, "drain" | "close">,
  options: ServeOptions,
): Promise<void> => {
  host.drain();
  await pause(options.drain_delay_seconds ?? 0);
  lines.letGo();
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
