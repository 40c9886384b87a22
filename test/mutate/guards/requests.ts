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
  {
    guards: "what a function answers beyond its schema stays inside",
    file: "lib/function/http-call.ts",
    find: "definition.output.safeParse(await definition.handle(input, needs as never))",
    replace:
      "{ ...definition.output.safeParse({}), success: true, data: await definition.handle(input, needs as never) }",
    tests: ["lib/function/host.test.ts"],
    title: "passes its schema",
  },
  {
    guards: "a name that stands twice in a body is refused",
    file: "lib/function/json.ts",
    find: 'if (names?.has(name)) throw new AppError("malformed", "A name stands twice", { reason: "json.duplicate_name" });',
    replace: "",
    tests: ["lib/function/host.test.ts"],
    title: "a doubled name",
  },
];
