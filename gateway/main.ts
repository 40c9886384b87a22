/** The gateway as a process of its own, as many of them side by side as there are. */
import { hostname } from "node:os";
import * as z from "zod";
import { consumersOf } from "#connector/frames.ts";
import { planOf } from "#connector/plan.ts";
import { catalogue } from "#functions/catalogue.ts";
import { connectCache } from "#lib/cache/connect.ts";
import { connectSql } from "#lib/db/connect.ts";
import { readEnvironment } from "#lib/environment.ts";
import { connectFrames } from "#lib/frames/connect.ts";
import { createHost, type Host } from "#lib/function/host.ts";
import { serve } from "#lib/function/serve.ts";
import { uuidv7 } from "#lib/ids.ts";
import { createLog, levels, type Log } from "#lib/log.ts";
import { createMetrics } from "#lib/metrics.ts";
import { readMaterial } from "#lib/secrets/files.ts";
import { keysFrom } from "#lib/secrets/key-rings.ts";
import { gatewayAnswers } from "./answers.ts";
import { ingestRoutes } from "./frames.ts";
import { attachGateway } from "./gateway.ts";
import { mediaRoutes } from "./media.ts";
import { measureGateway } from "./metrics.ts";
import type { Peers } from "./peers.ts";

const Environment = z.object({
  SYSTEM_DATABASE_URL: z.url(),
  /** What one process remembers, another gateway never hears of: no `memory:` here. */
  CACHE_URL: z.string().regex(/^rediss?:/),
  FRAMES_URL: z.string().regex(/^amqps?:/),
  SECRETS_DIR: z.string(),
  LISTEN_ADDRESS: z.string().default("127.0.0.1"),
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  /** Where the other gateways reach this one and nothing balances; default: this machine's name and port. */
  GATEWAY_URL: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/$/, ""))
    .optional(),
  /** Addresses or networks with commas. */
  TRUSTED_PROXIES: z.string().default(""),
  LOG_LEVEL: z.enum(levels).default("info"),
});
type Environment = z.infer<typeof Environment>;

const DRAIN_SECONDS = 5;

const main = async (): Promise<void> => {
  const environment = readEnvironment(Environment);
  const log = createLog({ context: "gateway", level: environment.LOG_LEVEL });
  const ports = await openPorts(environment, log);
  const { system, keys, cache, frames } = ports;
  const clock = (): Date => new Date();
  const metrics = createMetrics();
  const peers: Peers = { url: "", secret: ports.system_token };
  const agentOf: Host["agentOf"] = (authorization) => host.agentOf(authorization);
  const answers = gatewayAnswers(system, keys, clock);
  const needs = { ...answers, peers, cache, frames, agentOf, clock, ids: uuidv7, log };
  const host: Host = createHost({
    catalogue: {},
    grants: { system, cache, keys, clock },
    log,
    metrics,
    system_token: ports.system_token,
    trusted_proxies: environment.TRUSTED_PROXIES.split(",").filter((entry) => entry !== ""),
    routes: [ingestRoutes(needs), mediaRoutes(needs)],
    ready: async () => void (await system`select 1`),
  });
  const { PORT: port, LISTEN_ADDRESS: address } = environment;
  const serving = await serve(host, { port, address, drain_seconds: DRAIN_SECONDS });
  peers.url = environment.GATEWAY_URL ?? `http://${hostname()}:${serving.port}`;
  const gateway = attachGateway(serving.server, needs);
  measureGateway(metrics, gateway);
  log.info("listening", { port: serving.port });
  process.send?.({ ready: true, port: serving.port });

  await told();
  log.info("ending");
  // Those who are connected find another one at once.
  await gateway.close();
  await serving.close();
  await ports.close();
  log.info("ended");
  process.disconnect?.();
};

const openPorts = async (environment: Environment, log: Log) => {
  const material = await readMaterial(environment.SECRETS_DIR);
  const system = connectSql(environment.SYSTEM_DATABASE_URL, { max: 8, application_name: "gt-vision gateway" });
  const cache = await connectCache(environment.CACHE_URL, {
    on_error: (error) => log.warn("Other gateways are not heard", { error }),
  });
  const frames = await connectFrames(environment.FRAMES_URL, {
    consumers: consumersOf(planOf(catalogue).frames),
    slots_url: environment.CACHE_URL,
    on_error: (error) => log.warn("Frames are held up", { error }),
  });
  const close = async (): Promise<void> => {
    await Promise.all([frames.close(), cache.close()]);
    await system.end({ timeout: 2 });
  };
  return { keys: keysFrom(material), system_token: material.system_token, system, cache, frames, close };
};

const told = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
    process.once("disconnect", resolve);
  });

await main();
