import { afterAll, beforeAll, expect, test } from "vitest";
import { uuidv7 } from "#lib/ids.ts";
import { createMetrics } from "#lib/metrics.ts";
import type { CameraState } from "#lib/wire/agent.ts";
import { testDatabase, type TestDatabase } from "#test/harness/database.ts";
import { eventCounter, measureSystem } from "./system-metrics.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

test("what the system does is told by the names that dashboards know, and a restarted agent takes nothing back", async () => {
  const metrics = createMetrics();
  const [first, second] = [uuidv7(), uuidv7()];
  const cameras = new Map<string, CameraState>();
  const say = (camera_id: string, status: CameraState["status"], watchdog_restarts: number, lost = 0): void => {
    const counts = { watchdog_restarts, key_frames_lost: lost };
    const numbers = { since_ms: 1, last_captured_at_ms: null, bytes_per_second: 0, ...counts };
    cameras.set(camera_id, { camera_id, status, cause: null, recording: status === "ONLINE", ...numbers });
  };
  const gateway = {
    counts: () => ({ consoles: 2, agents: 1, live_cameras: 0 }),
    cameras: () => [...cameras.values()],
    heardAt: () => 1_700_000_000_900,
  };
  measureSystem(metrics, { system: database.system, gateway });
  const count = eventCounter(metrics);
  say(first, "ONLINE", 2, 40);
  say(second, "OFFLINE", 0);
  await metrics.text();
  say(first, "ONLINE", 1, 5);
  count(["lpr.detected", "camera.created", "lpr.detected"]);
  const text = await metrics.text();
  for (const line of [
    "streaming_active_cameras 1",
    "streaming_recording_cameras 1",
    `watchdog_restarts_total{camera_id="${first}"} 3`,
    `watchdog_restarts_total{camera_id="${second}"} 0`,
    `key_frames_lost_total{camera_id="${first}"} 45`,
    "watchdog_last_check_timestamp 1700000000",
    'gateway_sockets{kind="consoles"} 2',
    "ai_lpr_detections_total 2",
    'domain_events_total{type="camera.created"} 1',
  ]) {
    expect(text.split("\n")).toContain(line);
  }
  expect(text).toMatch(/^database_connections_active [1-9]\d*$/m);
});
