import { describe, expect, test } from "vitest";
import { dayBounds, dayOf, fromLocal, isDay, localText, shiftDay } from "./days.ts";

const SAO_PAULO = "America/Sao_Paulo";

describe("days of a city", () => {
  test("the day is the city's, not the server's", () => {
    expect(dayOf(Date.parse("2026-03-01T02:30:00Z"), SAO_PAULO)).toBe("2026-02-28");
    expect(dayOf(Date.parse("2026-03-01T03:00:00Z"), SAO_PAULO)).toBe("2026-03-01");
  });

  test("a day begins and ends at the city's midnight", () => {
    expect(dayBounds("2026-03-01", SAO_PAULO)).toEqual({
      from: Date.parse("2026-03-01T03:00:00Z"),
      to: Date.parse("2026-03-02T03:00:00Z"),
    });
  });

  test("a day that begins daylight saving has 23 hours, one that ends it 25", () => {
    const short = dayBounds("2018-11-04", SAO_PAULO);
    expect((short.to - short.from) / 3_600_000).toBe(23);
    const long = dayBounds("2018-02-17", SAO_PAULO);
    expect((long.to - long.from) / 3_600_000).toBe(25);
  });

  test("local text and instant are each other's inverse", () => {
    for (const zone of [SAO_PAULO, "America/Manaus", "America/Noronha", "Asia/Kolkata"]) {
      const instant = Date.parse("2026-07-09T15:04:05Z");
      expect(fromLocal(localText(instant, zone), zone)).toBe(instant);
    }
  });

  test("what is no time is not a number", () => {
    expect(fromLocal("soon", SAO_PAULO)).toBeNaN();
    expect(isDay("2026-13-40")).toBe(false);
    expect(isDay("2026-12-31")).toBe(true);
  });

  test("days step over months and years", () => {
    expect(shiftDay("2026-12-31", 1)).toBe("2027-01-01");
    expect(shiftDay("2026-03-01", -1)).toBe("2026-02-28");
  });
});
