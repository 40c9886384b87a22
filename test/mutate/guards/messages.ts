import type { Guard } from "./guard.ts";

export const messages: readonly Guard[] = [
  {
    guards: "a message has one effect per function, however often it is delivered",
    file: "lib/function/inbox.ts",
    find: "return claimed.length === 1;",
    replace: "return true;",
    tests: ["lib/function/delivery.test.ts"],
    title: "has one effect",
  },
  {
    guards: "what was refused for good is not attempted again",
    file: "lib/function/answer.ts",
    find: "return hopeless.includes(error.code) ? { final: true, reason } : { failed: true, reason };",
    replace: "return { failed: true, reason };",
    tests: ["lib/function/delivery.test.ts"],
  },
  {
    guards: "a dependency that is down costs a message no attempt",
    file: "lib/function/answer.ts",
    find: 'if (error.code === "unavailable" || error.code === "too_many") {',
    replace: "if (false) {",
    tests: ["lib/function/delivery.test.ts"],
  },
  {
    guards: "a message that fails four times is put aside with its reason",
    file: "connector/deliver.ts",
    find: "const delay_seconds = RETRY_SECONDS[attempt - 1];",
    replace: "const delay_seconds = RETRY_SECONDS[attempt - 1] ?? 4;",
    tests: ["connector/deliver.test.ts"],
  },
];
