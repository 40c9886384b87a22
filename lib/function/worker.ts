/** The same host in workerd: nothing outlives a request, so everything is opened and closed within one. */
import { createLog } from "#lib/log.ts";
import { Material } from "#lib/secrets/material.ts";
import { keysFrom } from "#lib/secrets/key-rings.ts";
import { connectHost, FunctionEnvironment, type Connectors } from "./connections.ts";
import type { Catalogue } from "./define.ts";

type WorkerContext = { waitUntil(work: Promise<unknown>): void };
/** `SECRETS`: the material as JSON, where there is no folder to read. */
type WorkerEnvironment = Record<string, string | undefined> & { SECRETS: string };
export type Worker = {
  fetch(request: Request, environment: WorkerEnvironment, context: WorkerContext): Promise<Response>;
};

export const workerFor = (catalogue: Catalogue, connectors: Connectors): Worker => ({
  async fetch(request, environment, context) {
    const material = Material.parse(JSON.parse(environment.SECRETS));
    const secrets = { keys: keysFrom(material), system_token: material.system_token };
    const log = createLog({ context: "host", write: (line) => console.log(line.trimEnd()) });
    // A connection cannot be shared between requests: one is enough, and it goes with its request.
    const settings = FunctionEnvironment.parse({ ...environment, DATABASE_CONNECTIONS: "1" });
    const { host, close } = await connectHost(catalogue, settings, secrets, { connectors, log });
    const response = await host.fetch(request, { address: request.headers.get("cf-connecting-ip") ?? undefined });
    context.waitUntil(close());
    return response;
  },
});
