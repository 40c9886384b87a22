/** The console as a browser gets it: every function, the connector and the gateway over a database of its own, and the built files. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startConnector } from "#connector/connector.ts";
import { hostReach } from "#connector/host-deliver.ts";
import { consumersOf } from "#connector/frames.ts";
import { planOf } from "#connector/plan.ts";
import { issueFirstLink } from "#functions/admin/links.ts";
import { catalogue } from "#functions/catalogue.ts";
import { gatewayAnswers } from "#gateway/answers.ts";
import { attachGateway } from "#gateway/gateway.ts";
import { buildConsole } from "#infra/console.ts";
import { consoleRoutes } from "#infra/local/console-files.ts";
import { connectBroker } from "#lib/broker/connect.ts";
import { withTenant } from "#lib/db/transaction.ts";
import { connectFrames } from "#lib/frames/connect.ts";
import { serve } from "#lib/function/serve.ts";
import { uuidv7 } from "#lib/ids.ts";
import { noLog } from "#lib/log.ts";
import type { Sight } from "#lib/vision/sight.ts";
import { testHost } from "./host.ts";
import { administrator } from "./system.ts";

export type ServedConsole = Awaited<ReturnType<typeof servedConsole>>;

/** `sight`: what its frames are looked at with. */
export const servedConsole = async (sight?: Sight) => {
  const folder = mkdtempSync(join(tmpdir(), "gt-console-"));
  await buildConsole({ outdir: folder });
  const connector = { wake: (): void => undefined };
  const host = await testHost(catalogue, {
    routes: [consoleRoutes(folder)],
    onEvents: () => connector.wake(),
    ...(sight ? { grants: { sight } } : {}),
  });
  const { database, keys, cache, clock } = host;
  await host.host.runCron("keep-partitions", clock());
  const plan = planOf(catalogue);
  const broker = await connectBroker("postgres:", {
    queues: plan.queues,
    sql: database.system,
    on_error: () => undefined,
  });
  const frames = await connectFrames("memory:", { consumers: consumersOf(plan.frames) });
  const running = await startConnector({ sql: database.system, broker, frames, plan, ...hostReach(host.host) });
  connector.wake = running.wake;
  const serving = await serve(host.host, { port: 0, drain_seconds: 1 });
  const attach = () =>
    attachGateway(serving.server, {
      ...gatewayAnswers(database.system, keys, clock),
      peers: null,
      agentOf: (authorization) => host.host.agentOf(authorization),
      cache,
      frames,
      clock,
      ids: uuidv7,
      log: noLog,
    });
  let gateway = attach();
  return {
    ...host,
    folder,
    url: `http://127.0.0.1:${serving.port}`,
    /** Makes the first administrator, by the link that a new system prints. */
    async administrator() {
      const secret = await withTenant(database.system, "all", "write", (sql) =>
        issueFirstLink(sql, uuidv7(clock()), clock()),
      );
      const accepted = await host.anyone.post("/api/links/accept", { secret, ...administrator });
      if (accepted.status !== 201) throw new Error(`The first link was refused: ${JSON.stringify(accepted.body)}`);
      return administrator;
    },
    /** Ends every socket and takes none until what it answers is called. */
    async cutSockets(): Promise<() => void> {
      await gateway.close();
      return () => void (gateway = attach());
    },
    async close() {
      await gateway.close();
      await serving.close();
      await running.stop();
      await broker.close();
      await frames.close();
      await host.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
