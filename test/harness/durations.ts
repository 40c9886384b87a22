/** How long test files take, roughly, on two cores that nobody else uses: only their order in a run comes from it. */

/** Processes and servers as a user has them. They mostly wait. */
export const isWhole = (file: string): boolean =>
  /^test\/(?:scenarios|faults)\/|^test\/chaos\/chaos\.test\./.test(file);

/** Of those that take much longer than their kind does. */
export const longOnes: Readonly<Record<string, number>> = {
  "test/chaos/chaos.test.ts": 240,
  "test/scenarios/plates-at-site.test.ts": 115,
  "test/scenarios/start.test.ts": 130,
  "test/scenarios/first-minute.test.ts": 130,
  "test/faults/broker-kill.test.ts": 127,
  "test/scenarios/console-timeline.test.ts": 119,
  "test/faults/kill.test.ts": 110,
  "test/scenarios/grown.test.ts": 105,
  "test/scenarios/own-camera.test.ts": 105,
  "test/faults/edge-kill.test.ts": 95,
  "demo/frames-read.test.ts": 80,
  "test/scenarios/console-screens.test.ts": 75,
  "test/faults/full-volume.test.ts": 70,
  "test/faults/postgres.test.ts": 60,
  "test/faults/tls.test.ts": 45,
  "test/faults/broker.test.ts": 45,
  "test/faults/connector.test.ts": 45,
  "demo/city.test.ts": 45,
  "test/faults/edge-disk.test.ts": 40,
  "test/faults/edge-frozen-writer.test.ts": 40,
  "test/contracts/broker.test.ts": 40,
  "test/scenarios/console-frame-reads.test.ts": 35,
  "edge-agent/agent.test.ts": 35,
  "test/faults/s3.test.ts": 30,
  "test/workerd/workerd.test.ts": 30,
  "test/faults/redis.test.ts": 26,
  "infra/local/kept-postgres.test.ts": 20,
  "edge-agent/reading/agent-at-site.test.ts": 28,
  "infra/read-plates/main.test.ts": 25,
  "lib/vision/still-pictures.test.ts": 20,
  "demo/camera.test.ts": 20,
  "demo/drawing/drawing.test.ts": 15,
  "test/contracts/frames.test.ts": 15,
};

const USUAL_SECONDS = { whole: 12, part: 2 };

export const secondsOf = (file: string): number =>
  longOnes[file] ?? (isWhole(file) ? USUAL_SECONDS.whole : USUAL_SECONDS.part);
