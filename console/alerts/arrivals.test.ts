import { expect, test } from "vitest";
import type { Alert } from "#functions/ai/contract.ts";
import { createArrivals } from "./arrivals.ts";

/** Named by the minute in which they were raised. */
const alerts = (...minutes: number[]): Alert[] =>
  minutes.map((minute) => ({ id: `a${minute}`, created_at: new Date(minute * 60_000).toISOString() }) as Alert);
const idsOf = (items: Alert[]): string[] => items.map(({ id }) => id);

test("what is there at the beginning is no news; what comes later is, once", () => {
  const arrivals = createArrivals();
  expect(arrivals.of(alerts(20, 10))).toEqual([]);
  expect(idsOf(arrivals.of(alerts(22, 21, 20, 10)))).toEqual(["a22", "a21"]);
  expect(arrivals.of(alerts(22, 21, 20, 10))).toEqual([]);
});

test("the first alert of an empty list is news", () => {
  const arrivals = createArrivals();
  arrivals.of([]);
  expect(idsOf(arrivals.of(alerts(30)))).toEqual(["a30"]);
});

test("an old alert that comes into view because others were acknowledged is no news", () => {
  const arrivals = createArrivals();
  arrivals.of(alerts(30, 29));
  expect(arrivals.of(alerts(29, 5))).toEqual([]);
});

test("of two that were matched at once the older one is news also when it comes second", () => {
  const arrivals = createArrivals();
  arrivals.of(alerts(30));
  arrivals.of(alerts(31.2, 30));
  expect(idsOf(arrivals.of(alerts(31.2, 31.1, 30)))).toEqual(["a31.1"]);
});
