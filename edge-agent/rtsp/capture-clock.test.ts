import { describe, expect, test } from "vitest";
import { START } from "../testing/scene.ts";
import { captureClock } from "./capture-clock.ts";

const STEP = 3600;
const at = (index: number): number => START + index * 40;

describe("capture time", () => {
  test("of pictures that were held up on the way stays true", () => {
    const clock = captureClock();
    for (let index = 0; index < 50; index += 1) clock.picture(index * STEP, at(index));
    const late = Array.from({ length: 50 }, (_, index) => clock.picture((50 + index) * STEP, at(100)) - at(50 + index));
    expect(Math.max(...late.map(Math.abs))).toBeLessThan(5);
  });

  test("is never later than the arrival", () => {
    const clock = captureClock();
    for (let index = 0; index < 200; index += 1) {
      const arrived = at(index) + ((index * 7919) % 90);
      expect(clock.picture(index * STEP, arrived)).toBeLessThanOrEqual(arrived);
    }
  });

  test("goes on over the wrap of the camera's ticks", () => {
    const clock = captureClock();
    const first = 2 ** 32 - 10 * STEP;
    const times = Array.from({ length: 30 }, (_, index) => clock.picture((first + index * STEP) % 2 ** 32, at(index)));
    expect(times).toEqual(times.map((_, index) => at(index)));
    expect(clock.ticksOf((first + 29 * STEP) % 2 ** 32)).toBe(29 * STEP);
  });

  test("follows a camera whose clock runs a little fast or slow", () => {
    for (const rate of [1.0003, 0.9997]) {
      const clock = captureClock();
      let worst = 0;
      for (let index = 0; index < 25 * 3600; index += 25) {
        const time = clock.picture(Math.round(index * STEP * rate) % 2 ** 32, at(index));
        worst = Math.max(worst, Math.abs(time - at(index)));
      }
      expect(worst).toBeLessThan(100);
    }
  });

  test("comes from the camera's own report where its clock agrees with ours, and not where it does not", () => {
    const clock = captureClock();
    clock.picture(0, at(0) + 120);
    clock.report(0, at(0), at(0) + 130);
    expect(clock.picture(STEP, at(1) + 120)).toBeCloseTo(at(1), 3);
    clock.report(STEP, at(1) + 3_600_000, at(1) + 130);
    expect(Math.abs(clock.picture(2 * STEP, at(2) + 120) - at(2))).toBeLessThan(130);
  });

  test("of a camera that paused its ticks is put right within seconds", () => {
    const clock = captureClock();
    for (let index = 0; index < 25; index += 1) clock.picture(index * STEP, at(index));
    let last = 0;
    for (let index = 25; index < 125; index += 1) last = clock.picture(index * STEP, at(index) + 5000);
    expect(Math.abs(last - at(124) - 5000)).toBeLessThan(50);
  });
});
