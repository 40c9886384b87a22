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
];
