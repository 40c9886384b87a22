/** What dashboards ask of the system as a whole, by the names that the client gave. */
import type { Gateway } from "#gateway/gateway.ts";
import { measureGateway } from "#gateway/metrics.ts";
import type { Sql } from "#lib/db/connect.ts";
import type { Metrics } from "#lib/metrics.ts";

const LPR_DETECTED = "lpr.detected";

/** Counts events as their transactions commit. */
export const eventCounter = (metrics: Metrics): ((types: readonly string[]) => void) => {
  const events = metrics.counter("domain_events_total", "Domain events written, by type");
  const reads = metrics.counter("ai_lpr_detections_total", "Plate reads kept");
  return (types) => {
    for (const type of types) events.add({ type });
    for (const _ of types.filter((type) => type === LPR_DETECTED)) reads.add();
  };
};

export const measureSystem = (
  metrics: Metrics,
  { system, gateway }: { system: Sql; gateway: Pick<Gateway, "counts" | "cameras" | "heardAt"> },
): void => {
  measureGateway(metrics, gateway);
  const connections = metrics.gauge("database_connections_active", "Sessions of the database, of every program");
  metrics.collect(async () => {
    const [row] = await system<{ sessions: number }[]>`
      select numbackends as sessions from pg_stat_database where datname = current_database()`;
    connections.set(row?.sessions ?? 0);
  });
};
