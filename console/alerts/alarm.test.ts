import { expect, test } from "vitest";
import { createAlarm, lengths, REPEAT_MS, type Tone } from "./alarm.ts";

/** Looks four times a second, as the page does. */
const listen = (alarm: ReturnType<typeof createAlarm>, from: number, to: number): [number, Tone][] => {
  const heard: [number, Tone][] = [];
  for (let now = from; now < to; now += 250) {
    const tone = alarm.next(now);
    if (tone) heard.push([now, tone]);
  }
  return heard;
};

test("a critical alert is heard at once and every 10 s until nobody waits any more", () => {
  const alarm = createAlarm();
  alarm.raise("critical");
  alarm.waiting(1);
  expect(listen(alarm, 1000, 1000 + 2 * REPEAT_MS + 1)).toEqual([
    [1000, "critical"],
    [1000 + REPEAT_MS, "critical"],
    [1000 + 2 * REPEAT_MS, "critical"],
  ]);
  alarm.waiting(0);
  expect(listen(alarm, 30_000, 90_000)).toEqual([]);
});

test("tones never overlap: what comes while one sounds begins after its end", () => {
  const alarm = createAlarm();
  alarm.raise("attention");
  expect(alarm.next(0)).toBe("attention");
  alarm.raise("critical");
  expect(alarm.next(lengths.attention - 1)).toBeNull();
  expect(alarm.next(lengths.attention)).toBe("critical");
});

test("alerts that come together are one tone, of the gravest, and attention is heard once", () => {
  const alarm = createAlarm();
  for (const tone of ["attention", "critical", "attention", "critical"] as const) alarm.raise(tone);
  expect(listen(alarm, 0, 60_000)).toEqual([[0, "critical"]]);
  alarm.raise("attention");
  alarm.raise("attention");
  expect(listen(alarm, 60_000, 120_000)).toEqual([[60_000, "attention"]]);
});

test("a lost connection is said even while critical alerts wait", () => {
  const alarm = createAlarm();
  alarm.waiting(3);
  alarm.raise("offline");
  expect(listen(alarm, 0, 9000).map(([, tone]) => tone)).toEqual(["critical", "offline"]);
});
