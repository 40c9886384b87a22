import { describe, expect, test } from "vitest";
import { marked } from "./controls.ts";

describe("marking a range", () => {
  test("the first mark makes a range of a usual length on its side", () => {
    expect(marked(null, "from", 100_000)).toEqual({ from: 100_000, to: 130_000 });
    expect(marked(null, "to", 100_000)).toEqual({ from: 70_000, to: 100_000 });
  });

  test("the other edge stays where it was", () => {
    expect(marked({ from: 10_000, to: 50_000 }, "from", 20_000)).toEqual({ from: 20_000, to: 50_000 });
    expect(marked({ from: 10_000, to: 50_000 }, "to", 90_000)).toEqual({ from: 10_000, to: 90_000 });
  });

  test("an edge that is put beyond the other takes it along", () => {
    expect(marked({ from: 10_000, to: 50_000 }, "from", 60_000)).toEqual({ from: 60_000, to: 61_000 });
    expect(marked({ from: 10_000, to: 50_000 }, "to", 5000)).toEqual({ from: 4000, to: 5000 });
  });
});
