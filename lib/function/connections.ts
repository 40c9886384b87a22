/** From addresses to what can be lent: only what the functions at hand need is opened. */
import * as z from "zod";
import type { Cache } from "#lib/cache/cache.ts";
import { connectSql, type Sql } from "#lib/db/connect.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import type { Keys } from "#lib/secrets/keys.ts";
import type { Catalogue } from "./define.ts";
import { createHost, type Host } from "./host.ts";
import type { Lent } from "./grants.ts";
import type { Log } from "#lib/log.ts";
import { createMetrics, type Metrics } from "#lib/metrics.ts";
import { needsOf, type Need } from "./needs.ts";
import { VisionEnvironment } from "#lib/vision/settings.ts";
import type { Sight } from "#lib/vision/sight.ts";

/** The `connect.ts` of a port, handed in by the generated entry: what is not handed in is not in the bundle. */
export type Connectors = {
  objects?: (
    url: string,
    options: { keys: Keys; base_url?: string; say?: (line: string) => void },
  ) => Promise<ObjectStore>;
  cache?: (url: string, options: { on_error(error: unknown): void }) => Promise<Cache>;
  sight?: (settings: VisionEnvironment, options: { log: Log; metrics: Metrics }) => Promise<Sight>;
};

const optional = z.string().optional();
export const FunctionEnvironment = z.object({
  DATABASE_URL: optional,
  SYSTEM_DATABASE_URL: optional,
  OBJECTS_URL: optional,
  CACHE_URL: optional,
  /** Where browsers reach us, e.g. `https://video.example.org`. */
  PUBLIC_URL: optional,
  /** Addresses or networks with commas. */
  TRUSTED_PROXIES: optional,
  DATABASE_CONNECTIONS: z.coerce.number().int().min(1).max(100).default(4),
  ...VisionEnvironment.shape,
});
export type FunctionEnvironment = z.infer<typeof FunctionEnvironment>;

/** What has an address. */
type Addressed = Exclude<Need, "keys" | "sight">;
const isAddressed = (need: Need): need is Addressed => need !== "keys" && need !== "sight";
const variableOf: Record<Addressed, keyof FunctionEnvironment> = {
  sql: "DATABASE_URL",
  system: "SYSTEM_DATABASE_URL",
  objects: "OBJECTS_URL",
  cache: "CACHE_URL",
};

export type Connected = { host: Host; close(): Promise<void> };

export const connectHost = async (
  catalogue: Catalogue,
  environment: FunctionEnvironment,
  secrets: { keys: Keys; system_token: string },
  more: { connectors: Connectors; log: Log },
): Promise<Connected> => {
  const needs = needsOf(catalogue);
  const absent = [...needs].flatMap((need) =>
    isAddressed(need) && !environment[variableOf[need]] ? [variableOf[need]] : [],
  );
  if (absent.length > 0) throw new Error(`Environment: ${absent.map((name) => `${name} is missing`).join(", ")}`);
  const { connectors, log } = more;
  const pool = (url: string): Sql => connectSql(url, { max: environment.DATABASE_CONNECTIONS });
  const { keys } = secrets;
  const metrics = createMetrics();
  const forgets = (error: unknown): void => log.warn("Nothing is remembered", { error });
  const say = (line: string): void => log.warn(line);
  const base = environment.PUBLIC_URL === undefined ? { say } : { say, base_url: environment.PUBLIC_URL };
  const opened: Lent = {
    keys,
    ...(needs.has("sql") ? { sql: pool(environment.DATABASE_URL ?? "") } : {}),
    ...(needs.has("system") ? { system: pool(environment.SYSTEM_DATABASE_URL ?? "") } : {}),
    ...(needs.has("objects") && connectors.objects
      ? { objects: await connectors.objects(environment.OBJECTS_URL ?? "", { keys, ...base }) }
      : {}),
    ...(needs.has("cache") && connectors.cache
      ? { cache: await connectors.cache(environment.CACHE_URL ?? "", { on_error: forgets }) }
      : {}),
    ...(needs.has("sight") && connectors.sight ? { sight: await connectors.sight(environment, { log, metrics }) } : {}),
  };
  const host = createHost({
    catalogue,
    grants: opened,
    log,
    metrics,
    system_token: secrets.system_token,
    trusted_proxies: (environment.TRUSTED_PROXIES ?? "").split(",").filter((entry) => entry !== ""),
  });
  return {
    host,
    async close() {
      await host.close();
      await Promise.all([opened.sql?.end({ timeout: 2 }), opened.system?.end({ timeout: 2 })]);
      await Promise.all([opened.objects?.close(), opened.cache?.close(), opened.sight?.close()]);
    },
  };
};
