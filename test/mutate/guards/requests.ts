import type { Guard } from "./guard.ts";

export const requests: readonly Guard[] = [
  {
    guards: "the same request under one key has one effect",
    file: "lib/function/idempotency.ts",
    find: "if (claimed.length === 1) return null;",
    replace: "if (claimed.length <= 1) return null;",
    tests: ["lib/function/host.test.ts"],
    title: "twenty at once",
  },
];
