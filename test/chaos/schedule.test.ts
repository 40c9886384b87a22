import { describe, expect, test } from "vitest";
import { faultKinds, planSchedule } from "./schedule.ts";

const targets = {
  killed: ["host", "agent", "postgres"],
  paused: ["host", "pgbouncer"],
  lines: ["postgres line", "redis line"],
  volumes: ["agent volume"],
  clocks: ["agent clock"],
};
const MINUTE = 60_000;

describe("the schedule of a chaos run", () => {
  test("is the same for the same seed, and another for another", () => {
    expect(planSchedule("7", 3 * MINUTE, targets)).toEqual(planSchedule("7", 3 * MINUTE, targets));
    expect(planSchedule("7", 3 * MINUTE, targets)).not.toEqual(planSchedule("8", 3 * MINUTE, targets));
  });

  test("has every fault at each of its targets, given time", () => {
    const faults = planSchedule("7", 10 * MINUTE, targets);
    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(faultKinds));
    const pairs = new Set(faults.map(({ kind, target }) => `${kind} ${target}`));
    expect(pairs.size).toBe(3 + 2 + 6 * 2 + 1 + 2);
  });

  test.each(["1", "2", "3", "4", "5"])("ends in time and lets a target rest (seed %s)", (seed) => {
    const faults = planSchedule(seed, 3 * MINUTE, targets);
    expect(Math.max(...faults.map(({ at_ms, for_ms }) => at_ms + for_ms))).toBeLessThanOrEqual(3 * MINUTE);
    for (const [index, { target, at_ms }] of faults.entries()) {
      const before = faults.slice(0, index).filter((fault) => fault.target === target);
      expect(before.filter((fault) => fault.at_ms + fault.for_ms >= at_ms)).toEqual([]);
    }
  });
});
