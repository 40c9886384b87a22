import { expect, test } from "vitest";
import { hoursOf } from "./hours.ts";

const none = { car: 0, motorcycle: 0, truck: 0, bus: 0, unknown: 0 };
const count = (camera: string, hour: string, types: Partial<typeof none>) => ({
  camera_id: camera,
  camera_nome: camera,
  hour,
  total: Object.values(types).reduce((sum, number) => sum + number, 0),
  types: { ...none, ...types },
});

test("an hour of several cameras is one row with their sums, the latest hour first", () => {
  const [early, late] = ["2026-11-26T12:00:00.000Z", "2026-11-26T13:00:00.000Z"];
  const counts = [
    count("a", early, { car: 3, unknown: 1 }),
    count("b", early, { car: 2, motorcycle: 4 }),
    count("a", late, { bus: 1 }),
  ];
  expect(hoursOf(counts)).toEqual([
    { hour: late, total: 1, types: { ...none, bus: 1 } },
    { hour: early, total: 10, types: { ...none, car: 5, motorcycle: 4, unknown: 1 } },
  ]);
});

test("without a passage there is no row", () => {
  expect(hoursOf([])).toEqual([]);
});
