import { describe, expect, test } from "vitest";
import { createServerClock, stationSkew } from "./clock.ts";

describe("server clock", () => {
  test("nothing is claimed before the first answer", () => {
    expect(createServerClock().at(1000)).toBeNull();
  });

  test("half of the round trip is counted as the way back", () => {
    const clock = createServerClock();
    clock.add({ sent: 100, received: 140, server: 1_000_000 });
    expect(clock.at(140)).toBe(1_000_020);
    expect(clock.at(1140)).toBe(1_001_020);
    expect(clock.uncertainty()).toBe(20);
  });

  test("a slow answer does not spoil what a quick one told", () => {
    const clock = createServerClock();
    clock.add({ sent: 0, received: 10, server: 5000 });
    clock.add({ sent: 1000, received: 1800, server: 6005 });
    expect(clock.at(2000)).toBe(5000 + 5 + 1990);
  });

  test("the best answer is forgotten after eight newer ones, so that drift shows", () => {
    const clock = createServerClock();
    clock.add({ sent: 0, received: 0, server: 0 });
    for (let second = 1; second <= 8; second++)
      clock.add({ sent: second * 1000, received: second * 1000 + 20, server: second * 1000 + 310 });
    expect(clock.at(9000)).toBe(9000 + 300);
  });

  test("a workstation whose clock is ahead is told so", () => {
    expect(stationSkew(1_000_000, 1_004_000)).toBe(4000);
  });
});
