import type { Guard } from "./guard.ts";

export const screens: readonly Guard[] = [
  {
    guards: "live is never said of an old picture",
    file: "console/live/tile-state.ts",
    find: 'state: age_ms <= limit ? "live" : "delayed"',
    replace: 'state: "live"',
    tests: ["console/live/tile-state.test.ts"],
    title: "older than a second",
  },
  {
    guards: "live is never said when no new picture comes",
    file: "console/live/tile-state.ts",
    find: "since_new_ms !== null && since_new_ms <= FROZEN_MS && age_ms",
    replace: "since_new_ms !== null && age_ms",
    tests: ["console/live/tile-state.test.ts"],
  },
  {
    guards: "live is never said of a picture that does not change",
    file: "console/live/tile-state.ts",
    find: 'if (status === "PARADA") return { state: "frozen", cause: status_cause ?? "repeating" };',
    replace: "",
    tests: ["console/live/tile-state.test.ts"],
  },
];
