/** The one-process host: every function, the connector and the gateway in one Node process, so that `memory:` ports are shared. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import * as z from "zod";
import { hostReach } from "#connector/host-deliver.ts";
import { startConnector } from "#connector/connector.ts";
import { consumersOf } from "#connector/frames.ts";
import { measure } from "#connector/metrics.ts";
import { planOf } from "#connector/plan.ts";
import { linkPath } from "#functions/admin/contract.ts";
import { issueFirstLink } from "#functions/admin/links.ts";
import { catalogue } from "#functions/catalogue.ts";
import { gatewayAnswers } from "#gateway/answers.ts";
import { ingestRoutes } from "#gateway/frames.ts";
import { attachGateway } from "#gateway/gateway.ts";
import { mediaRoutes } from "#gateway/media.ts";
import { connectBroker } from "#lib/broker/connect.ts";
import { connectCache } from "#lib/cache/connect.ts";
import { connectSql, type Sql } from "#lib/db/connect.ts";
import { withTenant } from "#lib/db/transaction.ts";
import { readEnvironment } from "#lib/environment.ts";
import { connectFrames } from "#lib/frames/connect.ts";
import { createHost, type Host } from "#lib/function/host.ts";
import { serve } from "#lib/function/serve.ts";
import { uuidv7 } from "#lib/ids.ts";
import { createLog, levels, type Log } from "#lib/log.ts";
import { createMetrics, type Metrics } from "#lib/metrics.ts";
import { pause } from "#lib/pause.ts";
import { connectObjects } from "#lib/object-store/connect.ts";
import { objectRoutes } from "#lib/object-store/routes.ts";
import { objectOrigins } from "#lib/object-store/s3-address.ts";
import { readMaterial } from "#lib/secrets/files.ts";
import { keysFrom } from "#lib/secrets/key-rings.ts";
import { connectSight } from "#lib/vision/connect.ts";
import { VisionEnvironment } from "#lib/vision/settings.ts";
import { eventCounter, measureSystem } from "../system-metrics.ts";
import { consoleRoutes } from "./console-files.ts";
import { FirstCityPlan, makeFirstCity } from "./first-city.ts";
import { refusedFramesRoute } from "./refused-frames-route.ts";

const Environment = z.object({
  DATABASE_URL: z.url(),
  SYSTEM_DATABASE_URL: z.url(),
  BROKER_URL: z.string(),
  FRAMES_URL: z.string(),
  OBJECTS_URL: z.string(),
  CACHE_URL: z.string(),
  SECRETS_DIR: z.string(),
  LISTEN_ADDRESS: z.string(),
  PORT: z.coerce.number().int(),
  PUBLIC_URL: z.url(),
  CONSOLE_DIR: z.string(),
  FIRST_CITY_PLAN: z.string(),
  FIRST_CITY_FILE: z.string(),
  FIRST_LINK_FILE: z.string(),
  ...VisionEnvironment.shape,
  TLS_CERT_FILE: z.string().optional(),
  TLS_KEY_FILE: z.string().optional(),
  LOG_LEVEL: z.enum(levels).default("info"),
});
type Environment = z.infer<typeof Environment>;

const [DATABASE_TRIES, DATABASE_AGAIN_MS] = [120, 250];

const main = async (): Promise<void> => {
  const environment = readEnvironment(Environment);
  const log = createLog({ context: "host", level: environment.LOG_LEVEL });
  const metrics = createMetrics();
  const ports = await openPorts(environment, log, metrics);
  const { sql, system, keys, objects, cache, frames, broker, plan, sight } = ports;
  const clock = (): Date => new Date();
  const countEvents = eventCounter(metrics);
  const connector: { wake(): void } = { wake: () => undefined };

  const agentOf: Host["agentOf"] = (authorization) => host.agentOf(authorization);
  const lent = { cache, frames, clock, ids: uuidv7, log: log.with({ part: "gateway" }) };
  const needs = { ...gatewayAnswers(system, keys, clock), ...lent, agentOf, peers: null };
  const host: Host = createHost({
    catalogue,
    grants: { sql, system, objects, cache, keys, clock, sight },
    log,
    metrics,
    routes: [
      ingestRoutes(needs),
      mediaRoutes(needs),
      refusedFramesRoute(frames, ports.system_token),
      ...objectsAndConsole(environment, ports, clock),
    ],
    onEvents(types) {
      countEvents(types);
      connector.wake();
    },
  });

  await untilDatabaseAnswers(system, log);
  // A machine that was off for longer than partitions are made ahead has none for today.
  await host.runCron("keep-partitions", clock());
  const running = await startConnector({
    sql: system,
    broker,
    frames,
    plan,
    log: log.with({ part: "connector" }),
    ...hostReach(host),
  });
  connector.wake = running.wake;
  measure(metrics, running);
  await makeReadyForPeople(host, system, environment, clock());

  const serving = await serve(host, {
    port: environment.PORT,
    address: environment.LISTEN_ADDRESS,
    ...tlsOf(environment),
    drain_seconds: 5,
  });
  const gateway = attachGateway(serving.server, needs);
  measureSystem(metrics, { system, gateway });
  log.info("listening", { port: serving.port });
  process.send?.({ ready: true });

  await told();
  log.info("ending");
  await gateway.close();
  await serving.close();
  await running.stop();
  await ports.close();
  log.info("ended");
  process.disconnect?.();
};

type Ports = Awaited<ReturnType<typeof openPorts>>;

const objectsAndConsole = ({ OBJECTS_URL, CONSOLE_DIR }: Environment, { objects, keys }: Ports, clock: () => Date) => [
  // Of a folder alone: an S3 answers by itself to what was signed for it.
  ...(OBJECTS_URL.startsWith("file:") ? [objectRoutes(objects, keys, clock)] : []),
  consoleRoutes(CONSOLE_DIR, objectOrigins(OBJECTS_URL)),
];

/** A database that was killed recovers for a while; the supervisor gives up on who never begins to serve. */
const untilDatabaseAnswers = async (system: Sql, log: Log): Promise<void> => {
  const naps = pause();
  for (let tries = 0; ; tries += 1) {
    try {
      await system`select 1`;
      return;
    } catch (error) {
      if (tries === 0) log.warn("The database does not answer yet", { error });
      if (tries >= DATABASE_TRIES) throw error;
      await naps.nap(DATABASE_AGAIN_MS);
    }
  }
};

const openPorts = async (environment: Environment, log: Log, metrics: Metrics) => {
  const on_error = (error: unknown): void => log.warn("The work table could not be reached", { error });
  const material = await readMaterial(environment.SECRETS_DIR);
  const keys = keysFrom(material);
  const sql = connectSql(environment.DATABASE_URL, { max: 10, application_name: "gt-vision host" });
  const system = connectSql(environment.SYSTEM_DATABASE_URL, { max: 16, application_name: "gt-vision system" });
  const plan = planOf(catalogue);
  const objects = await connectObjects(environment.OBJECTS_URL, { keys, say: (line) => log.warn(line) });
  const cache = await connectCache(environment.CACHE_URL, {
    on_error: (error) => log.warn("Nothing is remembered", { error }),
  });
  const frames = await connectFrames(environment.FRAMES_URL, {
    consumers: consumersOf(plan.frames),
    slots_url: environment.CACHE_URL,
    on_error: (error) => log.warn("Frames are held up", { error }),
  });
  const sight = await connectSight(environment, { log: log.with({ part: "vision" }), metrics });
  const broker = await connectBroker(environment.BROKER_URL, { queues: plan.queues, sql: system, on_error });
  const close = async (): Promise<void> => {
    await broker.close();
    await Promise.all([frames.close(), cache.close(), objects.close(), sight.close()]);
    await Promise.all([sql.end({ timeout: 2 }), system.end({ timeout: 2 })]);
  };
  return { keys, system_token: material.system_token, sql, system, plan, objects, cache, frames, broker, sight, close };
};

const makeReadyForPeople = async (host: Host, system: Sql, environment: Environment, now: Date): Promise<void> => {
  const city = FirstCityPlan.parse(JSON.parse(readFileSync(environment.FIRST_CITY_PLAN, "utf8")));
  await makeFirstCity(city, environment.FIRST_CITY_FILE, host.call, now);
  await writeFirstLink(system, environment, now);
};

/** Anew at each start while nobody has signed in; the file is read by `npm start`, which prints it. */
const writeFirstLink = async (system: Sql, { PUBLIC_URL, FIRST_LINK_FILE }: Environment, now: Date): Promise<void> => {
  const secret = await withTenant(system, "all", "write", (sql) => issueFirstLink(sql, uuidv7(now), now));
  if (secret === null) return rmSync(FIRST_LINK_FILE, { force: true });
  writeFileSync(FIRST_LINK_FILE, PUBLIC_URL + linkPath("first-access", secret), { mode: 0o600 });
};

const tlsOf = ({ TLS_CERT_FILE, TLS_KEY_FILE }: Environment) =>
  TLS_CERT_FILE && TLS_KEY_FILE
    ? { tls: { cert: readFileSync(TLS_CERT_FILE, "utf8"), key: readFileSync(TLS_KEY_FILE, "utf8") } }
    : {};

/** Told to end: by a signal, or because who started us is gone. */
const told = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
    process.once("disconnect", resolve);
  });

await main();
