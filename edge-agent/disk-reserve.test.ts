import { describe, expect, test } from "vitest";
import { diskReserve } from "./disk-reserve.ts";

const GB = 1000 ** 3;

const volume = (total: number, reserve_bytes?: number) => {
  const space = { free: total, total };
  const reserve = diskReserve({ free: async () => space }, reserve_bytes);
  return {
    reserve,
    lookAt: (free: number): Promise<boolean> => {
      space.free = free;
      return reserve.look();
    },
  };
};

describe("the reserve", () => {
  test("is reached before the volume is full, and each change is told once", async () => {
    const { reserve, lookAt } = volume(100 * GB, 10 * GB);
    expect([await lookAt(10 * GB), reserve.reached()]).toEqual([false, false]);
    expect([await lookAt(10 * GB - 1), reserve.reached()]).toEqual([true, true]);
    expect([await lookAt(9 * GB), reserve.reached()]).toEqual([false, true]);
  });

  test("is left only with a margin", async () => {
    const { reserve, lookAt } = volume(100 * GB, 10 * GB);
    await lookAt(9 * GB);
    expect([await lookAt(10.5 * GB), reserve.reached()]).toEqual([false, true]);
    expect([await lookAt(11 * GB), reserve.reached()]).toEqual([true, false]);
  });

  test.each([
    ["a twentieth of a large volume", 100 * GB, 5 * GB],
    ["two gigabytes of a small one", 10 * GB, 2 * GB],
  ])("is %s, when nobody says otherwise", async (_title, total, bytes) => {
    const { lookAt } = volume(total);
    expect(await lookAt(bytes)).toBe(false);
    expect(await lookAt(bytes - 1)).toBe(true);
  });
});
