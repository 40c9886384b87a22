import { expect, test } from "vitest";
import { readMask } from "./masks.ts";

test.each([
  ["abc1d23", { kind: "exact", shown: "ABC1D23" }],
  [" ABC-1234 ", { kind: "exact", shown: "ABC1234" }],
  ["abc*", { kind: "prefix", shown: "ABC" }],
  ["A?C1D23", { kind: "wildcard", shown: "A·C1D23" }],
  ["AB*34", { kind: "wildcard", shown: "AB···34" }],
  ["*1D23", { kind: "wildcard", shown: "···1D23" }],
  ["AB?*", { kind: "wildcard", shown: "AB·····" }],
])("%s is told back as what it will match", (typed, mask) => {
  expect(readMask(typed)).toEqual(mask);
});

test.each(["", "A", "A?", "***", "A*"])("%j says too little to be explained", (typed) => {
  expect(readMask(typed)).toBeNull();
});
