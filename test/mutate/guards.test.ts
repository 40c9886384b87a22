import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { guards } from "./guards.ts";

const root = join(import.meta.dirname, "..", "..");

test("each guard's text stands once in its file, so that it can be taken away", () => {
  const lost = guards.filter(({ file, find }) => readFileSync(join(root, file), "utf8").split(find).length !== 2);
  expect(lost.map((guard) => guard.guards)).toEqual([]);
});
