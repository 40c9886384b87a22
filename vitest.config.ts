import { defineConfig } from "vitest/config";

/** What people see in a browser, by the clock. */
const watched = ["test/scenarios/first-minute.test.ts", "test/scenarios/console-timeline.test.ts"];
/** CPU of one thing beside another. */
const measured = ["test/gates/**/*.test.ts"];
/** Whole systems, killed and cut. */
const whole = ["test/scenarios/**/*.test.ts", "test/faults/**/*.test.ts", "test/chaos/chaos.test.ts"];
const never = ["node_modules/**", "data/**", "dist/**"];

/** Group after group, the most sensitive last; whole systems mostly wait, so three at once. */
const project = (order: number, name: string, maxWorkers: number, include: string[], exclude: string[] = []) => ({
  extends: true as const,
  test: { name, include, exclude: [...never, ...exclude], maxWorkers, sequence: { groupOrder: order } },
});

export default defineConfig({
  test: {
    // Safe because functions hold no module state and nobody mocks modules; 17× faster than a fresh module graph per file.
    isolate: false,
    pool: "forks",
    testTimeout: 30_000,
    hookTimeout: 120_000,
    globalSetup: ["test/harness/global-setup.ts"],
    // What programs log is read by the tests that are about it; thousands of lines would hide what a test itself says.
    onConsoleLog: (text) => !text.startsWith('{"timestamp":'),
    projects: [
      project(0, "parts", 3, ["**/*.test.ts", "**/*.test.tsx"], [...watched, ...measured, ...whole]),
      project(1, "whole", 3, whole, watched),
      project(2, "watched", 1, watched),
      project(3, "measured", 1, measured),
    ],
  },
});
