/** What dashboards ask of the system as a whole, by the names that the client gave. */
import type { Gateway } from "#gateway/gateway.ts";
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
  const sockets = metrics.gauge("gateway_sockets", "Open sockets, by who is at the other end");
  const active = metrics.gauge("streaming_active_cameras", "Cameras that send pictures now");
  const recording = metrics.gauge("streaming_recording_cameras", "Cameras that are being recorded now");
  const connections = metrics.gauge("database_connections_active", "Sessions of the database, of every program");
  const restarts = metrics.counter("watchdog_restarts_total", "Times that a camera was dialled anew by its watchdog");
  const before = new Map<string, number>();
  const looked = metrics.gauge("watchdog_last_check_timestamp", "When agents last told of their cameras, unix seconds");
  metrics.collect(() => {
    for (const [kind, count] of Object.entries(gateway.counts())) sockets.set(count, { kind });
    const cameras = gateway.cameras();
    active.set(cameras.filter(({ status }) => status === "ONLINE" || status === "DISCO_CHEIO").length);
    recording.set(cameras.filter((camera) => camera.recording).length);
    looked.set(Math.floor(gateway.heardAt() / 1000));
    for (const { camera_id, watchdog_restarts } of cameras) {
      // An agent that was started again counts from nothing.
      const counted = before.get(camera_id) ?? 0;
      restarts.add({ camera_id }, watchdog_restarts >= counted ? watchdog_restarts - counted : watchdog_restarts);
      before.set(camera_id, watchdog_restarts);
    }
  });
  metrics.collect(async () => {
    const [row] = await system<{ sessions: number }[]>`
      select numbackends as sessions from pg_stat_database where datname = current_database()`;
    connections.set(row?.sessions ?? 0);
  });
};
