import { expect, test } from "vitest";
import { readPattern } from "./plate-patterns.ts";

test("a whole plate is looked up as it is, whatever its writing", () => {
  expect(readPattern("abc-1d23")).toEqual({ kind: "exact", plate: "ABC1D23" });
});

test("a prefix of three and more is a range", () => {
  expect(readPattern("ABC*")).toEqual({ kind: "prefix", from: "ABC", to: "ABD" });
  expect(readPattern("ABZ*")).toEqual({ kind: "prefix", from: "ABZ", to: "AB[" });
});

test("wildcards are found by their rarest pair of neighbours", () => {
  expect(readPattern("A?C1*")).toEqual({ kind: "wildcard", keys: ["2C1"], regex: "^A.C1...$" });
  expect(readPattern("AB*23")).toEqual({ kind: "wildcard", keys: ["0AB", "523"], regex: "^AB...23$" });
  expect(readPattern("AB*")).toEqual({ kind: "wildcard", keys: ["0AB"], regex: "^AB.....$" });
});

test.each([
  ["A?C?E?G", "plate.pattern_pairs"],
  ["A*B*C", "plate.pattern_stars"],
  ["ABC1?2", "plate.pattern_short"],
  ["ABCD*EFGH", "plate.pattern_form"],
  ["A%C1234", "plate.pattern_form"],
  ["**", "plate.pattern_stars"],
])("%s is refused, because it would read the whole table or means nothing", (typed, reason) => {
  expect(() => readPattern(typed)).toThrow(expect.objectContaining({ code: "invalid", reason }));
});
