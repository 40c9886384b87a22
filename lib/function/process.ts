/** The main of a deployable: environment, secrets, connections, server, end. Its entry is derived (`derive/entry.ts`). */
import * as z from "zod";
import { readEnvironment } from "#lib/environment.ts";
import { createLog, levels } from "#lib/log.ts";
import { readMaterial, readSecretIfThere } from "#lib/secrets/files.ts";
import { keysFrom } from "#lib/secrets/key-rings.ts";
import { connectHost, FunctionEnvironment, type Connectors } from "./connections.ts";
import type { Catalogue } from "./define.ts";
import { serve } from "./serve.ts";

const ProcessEnvironment = FunctionEnvironment.extend({
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  LISTEN_ADDRESS: z.string().default("0.0.0.0"),
  SECRETS_DIR: z.string().default("/var/openfaas/secrets"),
  LOG_LEVEL: z.enum(levels).default("info"),
  /** 0 where the platform drains before it says SIGTERM (Knative). */
  DRAIN_DELAY: z.coerce.number().min(0).max(60).default(5),
});

/** Resolves when the process has been told to end and has ended what was under way. */
export const runProcess = async (catalogue: Catalogue, connectors: Connectors): Promise<void> => {
  const environment = await withSecretAddresses(readEnvironment(ProcessEnvironment));
  // What one process remembers, the others do not know: notifications and limits would be lost in silence.
  for (const name of ["CACHE_URL"] as const) {
    if (environment[name]?.startsWith("memory:"))
      throw new Error(`Environment: ${name} may be memory: in one process only`);
  }
  const log = createLog({ context: "host", level: environment.LOG_LEVEL });
  const material = await readMaterial(environment.SECRETS_DIR);
  const secrets = { keys: keysFrom(material), system_token: material.system_token };
  const connected = await connectHost(catalogue, environment, secrets, { connectors, log });
  const serving = await serve(connected.host, {
    port: environment.PORT,
    address: environment.LISTEN_ADDRESS,
    drain_delay_seconds: environment.DRAIN_DELAY,
  });
  log.info("listening", { port: serving.port });
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
  log.info("draining");
  await serving.close();
  await connected.close();
  log.info("ended");
};

/** Addresses carry passwords: where the environment does not say them, they are files beside the keys. */
const withSecretAddresses = async <T extends FunctionEnvironment & { SECRETS_DIR: string }>(
  environment: T,
): Promise<T> => {
  const read = { ...environment };
  for (const name of ["DATABASE_URL", "SYSTEM_DATABASE_URL", "OBJECTS_URL", "CACHE_URL"] as const) {
    const file = `gt-${name.toLowerCase().replaceAll("_", "-")}`;
    read[name] ??= await readSecretIfThere(environment.SECRETS_DIR, file);
  }
  return read;
};
