import { defineConfig } from "vitest/config";

/** Whole systems with browsers, kills and measured ratios: after all else. They mostly wait, so two at once. */
const whole = ["test/scenarios/**/*.test.ts", "test/faults/**/*.test.ts", "test/gates/**/*.test.ts"];
const never = ["node_modules/**", "data/**", "dist/**"];

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
      {
        extends: true,
        test: {
          name: "parts",
          include: ["**/*.test.ts", "**/*.test.tsx"],
          exclude: [...never, ...whole],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: "whole", include: whole, exclude: never, maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
