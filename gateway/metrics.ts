/** What a gateway sees: its sockets, and the cameras of the agents that are connected to it. */
import type { Metrics } from "#lib/metrics.ts";
import type { Gateway } from "./gateway.ts";

export const measureGateway = (metrics: Metrics, gateway: Pick<Gateway, "counts" | "cameras" | "heardAt">): void => {
  const sockets = metrics.gauge("gateway_sockets", "Open sockets, by who is at the other end");
  const active = metrics.gauge("streaming_active_cameras", "Cameras that send pictures now");
  const recording = metrics.gauge("streaming_recording_cameras", "Cameras that are being recorded now");
  const restarts = metrics.counter("watchdog_restarts_total", "Times that a camera was dialled anew by its watchdog");
  const lost = metrics.counter("key_frames_lost_total", "Key frames, or what was read in them, that an agent has lost");
  const restarted = sinceBefore();
  const unread = sinceBefore();
  const looked = metrics.gauge("watchdog_last_check_timestamp", "When agents last told of their cameras, unix seconds");
  metrics.collect(() => {
    for (const [kind, count] of Object.entries(gateway.counts())) sockets.set(count, { kind });
    const cameras = gateway.cameras();
    active.set(cameras.filter(({ status }) => status === "ONLINE" || status === "DISCO_CHEIO").length);
    recording.set(cameras.filter((camera) => camera.recording).length);
    looked.set(Math.floor(gateway.heardAt() / 1000));
    for (const { camera_id, watchdog_restarts, key_frames_lost = 0 } of cameras) {
      restarts.add({ camera_id }, restarted(camera_id, watchdog_restarts));
      lost.add({ camera_id }, unread(camera_id, key_frames_lost));
    }
  });
};

/** What an agent counts, as what is new of it: one that was started again counts from nothing. */
const sinceBefore = (): ((camera_id: string, count: number) => number) => {
  const before = new Map<string, number>();
  return (camera_id, count) => {
    const known = before.get(camera_id) ?? 0;
    before.set(camera_id, count);
    return count >= known ? count - known : count;
  };
};
