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
  {
    guards: "a key that was used for another request is a conflict",
    file: "lib/function/idempotency.ts",
    find: " || kept.request_hash !== request.request_hash",
    replace: "",
    tests: ["lib/function/host.test.ts"],
    title: "with another request",
  },
];
