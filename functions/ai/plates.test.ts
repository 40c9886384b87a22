import { expect, test } from "vitest";
import { keysOf, layoutOf, normalise, twinOf } from "./plates.ts";

test.each([
  ["ABC-1234", "ABC1234", "old"],
  [" abc1d23 ", "ABC1D23", "mercosul"],
  ["ABC·1D23", "ABC1D23", "mercosul"],
  ["AB123CD", "AB123CD", "other"],
])("%s is stored as %s", (raw, plate, layout) => {
  expect(normalise(raw)).toBe(plate);
  expect(layoutOf(plate)).toBe(layout);
});

test.each(["", "-", "A", "ABCDEFGHI", "ÇÃO1234", "ABC_123"])("%j is no plate", (raw) => {
  expect(normalise(raw)).toBeNull();
});

test("a vehicle is the same in both layouts, where the other one exists", () => {
  expect(twinOf("ABC1234")).toBe("ABC1C34");
  expect(twinOf("ABC1C34")).toBe("ABC1234");
  expect(twinOf("ABC1K34")).toBeNull();
  expect(twinOf("AB123CD")).toBeNull();
});

test("a plate has a key for each pair of neighbours", () => {
  expect(keysOf("ABC1D23")).toEqual(["0AB", "1BC", "2C1", "31D", "4D2", "523"]);
});
