/** `node test/bench/edge.ts [--short]`: what a camera costs at the edge. Fails when a gate is missed. */
import { measureEdge, type EdgeFigures } from "./edge-run.ts";

const GATES = { ratio: 2.5, private_mb: 25 } as const;
const GOAL = 1.5;

const print = (figures: EdgeFigures): void => {
  const { agent, bare, ratio, memory, live_ms } = figures;
  const milli = (seconds: number): string => `${(seconds * 1000).toFixed(2)} ms/s`;
  const [p50 = 0, p95 = 0, p99 = 0] = live_ms;
  console.log(`${figures.cameras} cameras 1080p25 4 Mbit/s, ${figures.seconds.toFixed(0)} s, per camera:`);
  console.table({
    "agent's own process": {
      cpu: milli(agent.own),
      private_mb: (memory.agent.private_mb / figures.cameras).toFixed(1),
    },
    "its FFmpeg": { cpu: milli(agent.writers), private_mb: memory.writer.private_mb.toFixed(1) },
    together: { cpu: milli(agent.own + agent.writers), private_mb: memory.private_per_camera_mb.toFixed(1) },
    "bare ffmpeg -c copy": { cpu: milli(bare), private_mb: memory.bare_private_mb.toFixed(1) },
    "upload, apart": { cpu: milli(figures.upload), private_mb: "" },
  });
  console.log(
    `ratio ${ratio.toFixed(2)} (gate ${GATES.ratio}, goal ${GOAL}); the agent's process: PSS ${memory.agent.pss_mb.toFixed(0)} MB`,
  );
  console.log(
    `live, capture at the relay to arrival at the server: p50 ${p50.toFixed(1)}, p95 ${p95.toFixed(1)}, p99 ${p99.toFixed(1)} ms`,
  );
  console.log(
    `${figures.fragments_per_second.toFixed(1)} live fragments/s, ${figures.key_frames_per_second.toFixed(2)} key frames/s, ${figures.segments} segments`,
  );
};

const short = process.argv.includes("--short");
const profile = process.argv.includes("--profile")
  ? ["--cpu-prof", "--cpu-prof-dir=/tmp/gt-bench/profiles"]
  : process.argv.includes("--trace-gc")
    ? ["--trace-gc"]
    : [];
const figures = await measureEdge({ cameras: 10, seconds: short ? 15 : 60, node_arguments: profile });
print(figures);
if (figures.ratio > GATES.ratio || figures.memory.private_per_camera_mb > GATES.private_mb) process.exitCode = 1;
