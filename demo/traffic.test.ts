import { describe, expect, test } from "vitest";
import { layoutOf } from "#functions/ai/plates.ts";
import { streets } from "./drawing/streets.ts";
import { FPS, LOOP_FRAMES, LOOP_SECONDS, distanceOf, planTraffic, sideOf } from "./traffic.ts";

const seeds = ["a", "b", "0badcafe", "Vila Aurora", ""];

describe.each(seeds)("the traffic of the seed “%s”", (seed) => {
  const traffic = planTraffic(seed);
  const all = traffic.flat();

  test("is the same each time and another than another seed's", () => {
    expect(planTraffic(seed)).toEqual(traffic);
    expect(planTraffic(`${seed}!`)).not.toEqual(traffic);
  });

  test("has valid plates of the layout they claim, nobody's, and none twice", () => {
    for (const { plate, layout } of all) {
      expect(layoutOf(plate)).toBe(layout);
      expect(plate).toMatch(/^[W-Z]/);
    }
    expect(new Set(all.map(({ plate }) => plate)).size).toBe(all.length);
  });

  test("has both layouts and, with four cameras, motorcycles and cars that are read", () => {
    const read = traffic
      .slice(0, 4)
      .flat()
      .filter((trip) => trip.read);
    expect(new Set(all.map(({ layout }) => layout))).toEqual(new Set(["old", "mercosul"]));
    expect(new Set(read.map(({ kind }) => kind === "motorcycle"))).toEqual(new Set([true, false]));
    expect(all.filter(({ kind, direction }) => kind === "motorcycle" && direction === "coming")).toEqual([]);
  });

  test("brings the passages of four cameras evenly: twenty in at most two minutes, never a long silence", () => {
    const instants = traffic
      .slice(0, 4)
      .flatMap((trips) => trips.filter(({ read }) => read).map(({ frame }) => frame / FPS))
      .toSorted((a, b) => a - b);
    expect((20 / instants.length) * LOOP_SECONDS).toBeLessThanOrEqual(120);
    const gaps = instants.map((instant, index) => (instants[index + 1] ?? LOOP_SECONDS + (instants[0] ?? 0)) - instant);
    expect(Math.max(...gaps)).toBeLessThan(7);
    expect(Math.min(...gaps)).toBeGreaterThan(1);
  });

  test("lets one truck or bus drive away from each camera", () => {
    const large = traffic.map((trips) => trips.filter(({ kind }) => kind === "truck" || kind === "bus"));
    expect(large.map((trips) => trips.length)).toEqual(streets.map(() => 1));
    expect(large.flat().filter(({ direction, read }) => direction !== "going" || read)).toEqual([]);
  });

  test("lets nobody drive through anybody", () => {
    for (const [index, street] of streets.entries()) {
      for (let frame = 0; frame < LOOP_FRAMES; frame += 10) {
        const seen = (traffic[index] ?? []).flatMap((trip) => {
          const z = distanceOf(trip, street, frame);
          return z === null ? [] : [{ z, side: sideOf(trip, street) }];
        });
        const close = seen.filter((one) =>
          seen.some((other) => other !== one && other.side === one.side && Math.abs(other.z - one.z) < 8),
        );
        expect(close).toEqual([]);
      }
    }
  });
});

test("a vehicle drives over the seam of the loop as if there were none", () => {
  const [street] = streets;
  const [trip] = planTraffic("a")[0] ?? [];
  if (!street || !trip) throw new Error("no traffic");
  const early = { ...trip, direction: "coming" as const, frame: 5 };
  const before = distanceOf(early, street, LOOP_FRAMES - 1) ?? 0;
  const after = distanceOf(early, street, 0) ?? 0;
  expect(before - after).toBeCloseTo(trip.speed / FPS, 6);
});
