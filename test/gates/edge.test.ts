/** The edge's gate in short: `test/bench/edge.ts` measures the full one, with more cameras and for longer. */
import { expect, test } from "vitest";
import { measureEdge } from "#test/bench/edge-run.ts";

/** Looser than the bench's gate (2.5): few cameras share the agent's own process here, and other tests share the machine. */
const RATIO = 3.5;

test(
  "recording, key frames and live together cost little more than FFmpeg alone, and nothing is decoded",
  { timeout: 400_000 },
  async () => {
    const { ratio, agent, bare, fragments_per_second, key_frames_per_second, segments } = await measureEdge({
      cameras: 6,
      seconds: 15,
    });
    expect(fragments_per_second).toBeGreaterThan(20);
    expect(key_frames_per_second).toBeGreaterThan(0.3);
    expect(segments).toBeGreaterThan(0);
    expect(ratio).toBeLessThan(RATIO);
    // A decoder costs twenty times as much as a copy.
    expect(agent.writers / bare).toBeLessThan(2);
  },
);
