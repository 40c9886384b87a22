/** A catalogue and what it may be lent → something that answers requests, takes messages and keeps time. */
import { Hono } from "hono";
import { AppError } from "#lib/errors.ts";
import type { CloudEvent } from "#lib/events.ts";
import type { HeldFrame } from "#lib/frames/frames.ts";
import { uuidv7 } from "#lib/ids.ts";
import { noLog, type Log } from "#lib/log.ts";
import { createMetrics, type Metrics } from "#lib/metrics.ts";
import { createIdentifier, type Identifier } from "./access.ts";
import type { Answer } from "./answer.ts";
import type { Catalogue, HttpFunction, Skipped } from "./define.ts";
import { answered, deliverEvent, handleFrame, isCron, isFrames, isQueue, runCron } from "./delivery.ts";
import { createExchange, type Exchange, type HonoEnv } from "./exchange.ts";
import { checkGrants, type Entry, type Lent, type Settled } from "./grants.ts";
import { answerHttp, callAsSystem, type Route } from "./http-call.ts";
import { isStrict, textReaders } from "./input.ts";
import { createObserver, type Observer } from "./observe.ts";
import { trustedAddresses, type Peer } from "./peer.ts";
import { refusalWriter } from "./refusals.ts";
import type { Reply } from "./reply.ts";
import { watchSight } from "./sight-metrics.ts";
import { systemRoutes } from "./system-routes.ts";
import { unreadableReply, type Unreadable } from "./unreadable.ts";

export type HostOptions = {
  catalogue: Catalogue;
  /** Everything that a function of the catalogue names must be here, or `createHost` throws and says what is missing. */
  grants: Lent;
  log?: Log;
  metrics?: Metrics;
  /** Addresses or IPv4 networks whose `X-Forwarded-*`, `X-Correlation-Id` and `traceparent` are believed. Default: none. */
  trusted_proxies?: readonly string[];
  /** Opens `POST /_/functions/<name>` to who knows it. Without it those routes do not exist. */
  system_token?: string;
  /** Answered beside the functions, e.g. the gateway's `POST /ingest`; their errors become problem documents too. */
  routes?: readonly Hono[];
  /** Called after a commit that wrote events, with the type of each. */
  onEvents?: (types: readonly string[]) => void;
  /** Throws while this process should get no requests. Default: asks the database. */
  ready?: () => Promise<void>;
};

export type Host = {
  fetch(request: Request, peer?: Peer): Promise<Response>;
  /** What is answered to a request that could not be read, and the line about it in the log. */
  refuse(unreadable: Unreadable, secure: boolean): Reply;
  /** `attempt`: 1 for the first. Never throws. */
  deliver(event: CloudEvent, name: string, attempt?: number): Promise<Answer>;
  /** Never throws. */
  runCron(name: string, planned_for: Date): Promise<Answer>;
  /** Never throws. Anything but `done` is a failed try. */
  handleFrame(name: string, held: HeldFrame): Promise<Answer>;
  /** Calls an HTTP function from inside the process, as the caller `system`; throws what the function throws. */
  call(name: string, input: Record<string, unknown>): Promise<unknown>;
  /** For the gateway's control connections: the same proof as an agent's requests carry. */
  agentOf: Identifier["agentOf"];
  metrics: Metrics;
  /** `/_/ready` says 503 from here on; requests are still answered. */
  drain(): void;
  /** Resolves when nothing is under way any more. Connections belong to who made them. */
  close(): Promise<void>;
};

export const createHost = (options: HostOptions): Host => {
  const settled = settle(options);
  const entries = entriesOf(options.catalogue);
  checkGrants(options.catalogue, settled);
  const identifier = createIdentifier(settled);
  const metrics = options.metrics ?? createMetrics();
  const observer = createObserver(settled.log, metrics);
  if (settled.sight) watchSight(settled.sight, metrics);
  const exchange = createExchange({
    settled,
    observer,
    trusted: trustedAddresses(options.trusted_proxies ?? []),
    refused: refusalWriter(settled),
  });
  const running = countRunning();
  const runs = createRuns(settled, entries, observer, running.track);
  const state = { draining: false };

  const app = new Hono<HonoEnv>();
  systemRoutes(app, { ...options, settled, metrics, runs, draining: () => state.draining, exchange });
  for (const entry of entries.values()) if (isHttp(entry)) addRoute(app, entry, { settled, identifier }, exchange);
  for (const more of options.routes ?? []) app.route("/", more);
  app.onError((error, context) => exchange.failed(context.env.exchange, error));
  app.notFound((context) => exchange.failed(context.env.exchange, new AppError("not_found", "There is nothing here")));

  return {
    fetch: (request, peer = {}) => running.track(exchange.around(request, peer, (env) => app.fetch(request, env))),
    refuse(unreadable, secure) {
      const correlation_id = settled.ids();
      const { status, error } = unreadable;
      const nobody = { method: "none", route: "none", entry: undefined, caller: undefined, seconds: 0 };
      observer.request({ ...nobody, status, correlation_id, error });
      return unreadableReply(unreadable, correlation_id, secure);
    },
    ...runs,
    async call(name, input) {
      const entry = entries.get(name);
      if (!entry || !isHttp(entry)) throw new AppError("internal", `not here: ${name}`);
      return running.track(callAsSystem(settled, entry, input));
    },
    agentOf: identifier.agentOf,
    metrics,
    drain: () => void (state.draining = true),
    async close() {
      state.draining = true;
      await running.idle();
    },
  };
};

const settle = ({ grants, log, onEvents }: HostOptions): Settled => {
  const clock = grants.clock ?? (() => new Date());
  return {
    ...grants,
    clock,
    ids: grants.ids ?? (() => uuidv7(clock())),
    log: log ?? noLog,
    onEvents: onEvents ?? (() => undefined),
  };
};

const isHttp = (entry: Entry): entry is Entry<HttpFunction> => "http" in entry.definition;

/** By name: names are one space, because `/_/functions/<name>` and logs know no contexts. */
const entriesOf = (catalogue: Catalogue): Map<string, Entry> => {
  const entries = new Map<string, Entry>();
  for (const [context, functions] of Object.entries(catalogue)) {
    for (const [key, definition] of Object.entries(functions)) {
      if (key !== definition.name) throw new Error(`The catalogue lists ${definition.name} as ${key}`);
      if (entries.has(key)) throw new Error(`Two functions are called ${key}`);
      if ("http" in definition && !isStrict(definition.input)) {
        throw new Error(`The input of ${key} must be a z.strictObject: unknown names are refused`);
      }
      entries.set(key, { context, definition });
    }
  }
  return entries;
};

const addRoute = (
  app: Hono<HonoEnv>,
  entry: Entry<HttpFunction>,
  host: { settled: Settled; identifier: Identifier },
  exchange: Exchange,
): void => {
  const { http, input } = entry.definition;
  const route: Route = { ...entry, readers: textReaders(input) };
  app.on(http.method, http.path.replaceAll(/\{(\w+)\}/g, ":$1"), (context) => {
    const { exchange: open } = context.env;
    open.entry = entry;
    open.route = http.path;
    const incoming = { request: context.req.raw, params: context.req.param(), trace: open.trace };
    return exchange.reply(
      open,
      answerHttp(host, route, incoming, (caller) => (open.caller = caller)),
    );
  });
};

export type Runs = Pick<Host, "deliver" | "runCron" | "handleFrame">;

const createRuns = (
  settled: Settled,
  entries: Map<string, Entry>,
  observer: Observer,
  track: <T>(work: Promise<T>) => Promise<T>,
): Runs => {
  const observed = async (
    entry: Entry,
    correlation_id: string,
    attempt: number,
    run: () => Promise<void | Skipped>,
  ): Promise<Answer> => {
    const started = performance.now();
    let error: AppError | undefined;
    let skipped: string | undefined;
    const noting = async (): Promise<void> => void (skipped = (await run())?.skipped);
    const answer = await answered(noting, (thrown) => (error = thrown));
    const outcome = skipped === undefined ? (Object.keys(answer)[0] ?? "") : "skipped";
    const seconds = (performance.now() - started) / 1000;
    observer.run(entry, { outcome, seconds, correlation_id, attempt, error, skipped });
    return answer;
  };
  const unknown = (name: string): Answer => ({ failed: true, reason: `not here: ${name}` });
  return {
    async deliver(event, name, attempt = 1) {
      const entry = entries.get(name);
      if (!entry || !isQueue(entry)) return unknown(name);
      const run = () => deliverEvent(settled, entry, event, attempt);
      return track(observed(entry, event.correlationid, attempt, run));
    },
    async runCron(name, planned_for) {
      const entry = entries.get(name);
      if (!entry || !isCron(entry)) return unknown(name);
      const correlation_id = settled.ids();
      const run = () => runCron(settled, entry, planned_for, correlation_id);
      return track(observed(entry, correlation_id, 1, run));
    },
    async handleFrame(name, held) {
      const entry = entries.get(name);
      if (!entry || !isFrames(entry)) return unknown(name);
      const run = () => handleFrame(settled, entry, held);
      return track(observed(entry, held.frame.correlation_id, held.attempt, run));
    },
  };
};

/** What is under way, so that the end can wait for it. */
const countRunning = () => {
  const under = new Set<Promise<unknown>>();
  return {
    track<T>(work: Promise<T>): Promise<T> {
      const settledWork: Promise<unknown> = work.then(
        () => under.delete(settledWork),
        () => under.delete(settledWork),
      );
      under.add(settledWork);
      return work;
    },
    async idle() {
      while (under.size > 0) await Promise.all(under);
    },
  };
};
