import type { Guard } from "./guard.ts";

export const plates: readonly Guard[] = [
  {
    guards: "a watched plate alerts once per entry and event",
    file: "functions/ai/match-plate/function.ts",
    find: "if (inserted.length === 0) continue;",
    replace: "",
    tests: ["functions/ai/match-plate"],
    title: "delivered twice",
  },
  {
    guards: "the other layout of a plate is the same vehicle",
    file: "functions/ai/match-plate/function.ts",
    find: "twin === null ? [plate] : [plate, twin]",
    replace: "[plate]",
    tests: ["functions/ai/match-plate"],
    title: "other layout",
  },
];
