import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isWhole, longOnes, secondsOf } from "./durations.ts";
import { sideBySide } from "./side-by-side.ts";

const root = join(import.meta.dirname, "../..");
const inOrder = (...files: string[]): string[] => sideBySide(files, (file) => file);

test.each([
  ["whole systems", true, "test/faults/short.test.ts"],
  ["parts", false, "lib/short.test.ts"],
])("of %s the longest begins first, and none long is left for the end", (_, whole, short) => {
  const long = Object.keys(longOnes).filter((file) => isWhole(file) === whole);
  const seconds = inOrder(short, ...long.toSorted()).map(secondsOf);
  expect(seconds).toEqual(seconds.toSorted((a, b) => b - a));
  expect(new Set(seconds).size).toBeGreaterThan(2);
});

test("parts are dealt out among whole systems over all of the time", () => {
  const whole = Array.from({ length: 4 }, (_, n) => `test/faults/whole-${n}.test.ts`);
  const parts = Array.from({ length: 8 }, (_, n) => `lib/part-${n}.test.ts`);
  const kinds = inOrder(...parts, ...whole).map((file) => (whole.includes(file) ? "whole" : "part"));
  const quarter = ["part", "whole", "part"];
  expect(kinds.filter((kind) => kind === "whole")).toHaveLength(4);
  for (const at of [0, 3, 6, 9]) expect(kinds.slice(at, at + 3).toSorted()).toEqual(quarter.toSorted());
});

test("every file whose duration is told is there", () => {
  expect(Object.keys(longOnes).filter((file) => !existsSync(join(root, file)))).toEqual([]);
});
