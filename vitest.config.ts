import { defineConfig } from "vitest/config";
import { SideBySide } from "./test/harness/side-by-side.ts";

/** One camera in a browser, by the clock, and beside it recordings and faults that are mostly waited out: each leaves room. */
const roomy = [
  "test/scenarios/{console-timeline,own-camera,plates-at-site}.test.ts",
  "test/faults/edge-*.test.ts",
  "test/faults/{connector,postgres,redis,s3,s3-rows}.test.ts",
];
/** Everything that somebody sees in the first minute, by the clock: it takes the whole machine. */
const watched = ["test/scenarios/first-minute.test.ts"];
/** CPU of one thing beside another, in the same run: what else runs costs both the same. */
const measured = ["test/gates/**/*.test.ts"];
const never = ["node_modules/**", "data/**", "dist/**"];

/** Group after group, the most sensitive last. */
const project = (order: number, name: string, maxWorkers: number, include: string[], exclude: string[] = []) => ({
  extends: true as const,
  test: { name, include, exclude: [...never, ...exclude], maxWorkers, sequence: { groupOrder: order } },
});

export default defineConfig({
  test: {
    // Safe because functions hold no module state and nobody mocks modules; 17× faster than a fresh module graph per file.
    isolate: false,
    pool: "forks",
    // Nothing is judged by how long it took: two cores, and whole systems on them.
    testTimeout: 90_000,
    hookTimeout: 120_000,
    sequence: { sequencer: SideBySide },
    globalSetup: ["test/harness/global-setup.ts"],
    // What programs log is read by the tests that are about it; thousands of lines would hide what a test itself says.
    onConsoleLog: (text) => !text.startsWith('{"timestamp":'),
    projects: [
      // Whole systems, which mostly wait, and among them parts: three and one, most of the time.
      project(0, "together", 4, ["**/*.test.ts", "**/*.test.tsx"], [...roomy, ...watched, ...measured]),
      project(1, "roomy", 5, roomy),
      project(2, "watched", 1, watched),
      project(3, "measured", 2, measured),
    ],
  },
});
