/** The connector as a process of its own, where functions run elsewhere. */
import { createServer } from "node:http";
import * as z from "zod";
import { catalogue } from "#functions/catalogue.ts";
import { deployablesOf } from "#infra/deployables.ts";
import { connectBroker } from "#lib/broker/connect.ts";
import { connectSql } from "#lib/db/connect.ts";
import { readEnvironment } from "#lib/environment.ts";
import { connectFrames } from "#lib/frames/connect.ts";
import { createLog, levels } from "#lib/log.ts";
import { createMetrics, METRICS_CONTENT_TYPE } from "#lib/metrics.ts";
import { pause } from "#lib/pause.ts";
import { readMaterial } from "#lib/secrets/files.ts";
import { addressesOf } from "./addresses.ts";
import { startConnector } from "./connector.ts";
import { consumersOf } from "./frames.ts";
import { httpReach } from "./http-deliver.ts";
import { measure } from "./metrics.ts";
import { planOf } from "./plan.ts";

const Environment = z.object({
  SYSTEM_DATABASE_URL: z.url(),
  BROKER_URL: z.string().default("postgres:"),
  /** Frames that wait in one process's memory are out of another's reach. */
  FRAMES_URL: z.string().regex(/^(?!memory:)/),
  /** Where the bytes of frames wait. */
  CACHE_URL: z.string().regex(/^rediss?:/),
  /** Where the functions are, e.g. `http://gateway:8080/function/{deployable}`: `addresses.ts`. */
  FUNCTIONS_URL: z.string(),
  SECRETS_DIR: z.string(),
  LISTEN_ADDRESS: z.string().default("127.0.0.1"),
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  LOG_LEVEL: z.enum(levels).default("info"),
});

const READY_MS = 2000;
/** Events are written elsewhere: nobody says that there are some. */
const UNWOKEN = { idle_ms: 200 };

const main = async (): Promise<void> => {
  const environment = readEnvironment(Environment);
  const log = createLog({ context: "connector", level: environment.LOG_LEVEL });
  const { system_token } = await readMaterial(environment.SECRETS_DIR);
  const sql = connectSql(environment.SYSTEM_DATABASE_URL, { max: 16, application_name: "gt-vision connector" });
  const plan = planOf(catalogue);
  const on_error = (error: unknown): void => log.warn("The work table could not be reached", { error });
  const broker = await connectBroker(environment.BROKER_URL, { queues: plan.queues, sql, on_error });
  const frames = await connectFrames(environment.FRAMES_URL, {
    consumers: consumersOf(plan.frames),
    slots_url: environment.CACHE_URL,
    on_error: (error) => log.warn("Frames are held up", { error }),
  });
  const baseOf = addressesOf(environment.FUNCTIONS_URL, deployablesOf(catalogue));
  const { close: hangUp, ...reach } = httpReach({ baseOf, system_token });
  const connector = await startConnector({ sql, broker, frames, plan, ...reach, log, pace: UNWOKEN });
  const metrics = createMetrics();
  measure(metrics, connector);

  const server = createServer((request, response) => {
    const text = async (): Promise<string> => {
      if (request.url === "/metrics") return metrics.text();
      // Ready: the database answers soon. Alive: somebody answers.
      if (request.url === "/_/ready" && !(await pause().within(sql`select 1`, READY_MS))) throw new Error("not ready");
      return "{}";
    };
    const known = ["/_/health", "/_/ready", "/metrics"].includes(request.url ?? "");
    text().then(
      (body) => response.writeHead(known ? 200 : 404, { "content-type": METRICS_CONTENT_TYPE }).end(body),
      () => response.writeHead(503).end(),
    );
  });
  server.listen(environment.PORT, environment.LISTEN_ADDRESS, () => {
    log.info("The connector runs", { queues: plan.queues.length, schedules: plan.schedules.length });
    process.send?.({ ready: true });
  });

  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    server.close();
    server.closeAllConnections();
    await connector.stop();
    hangUp();
    await Promise.all([broker.close(), frames.close()]);
    await sql.end({ timeout: 5 });
    log.info("The connector has stopped");
    process.disconnect?.();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void stop());
};

await main();
