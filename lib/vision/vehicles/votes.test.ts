import { expect, test } from "vitest";
import { addVehicle, verdictOf, type VehicleVotes } from "./votes.ts";
import type { VehicleSeen } from "./vehicles.ts";

const verdict = (...colors: readonly VehicleSeen["color"][]) =>
  verdictOf(
    colors.reduce<VehicleVotes | null>((votes, color) => addVehicle(votes, { type: "car", color, width_m: 1.8 }), null),
  );

test("looks that agree name a colour, and more of them are not surer", () => {
  expect(verdict("red", "red")).toMatchObject({ color: "red", color_confidence: 0.9 });
  expect(verdict("red", "red", "red", "red", null)).toMatchObject({ color: "red", color_confidence: 0.9 });
  expect(verdict("light", "light", "light", "dark")).toMatchObject({ color: "light", color_confidence: 0.68 });
});

test("looks that do not agree name none", () => {
  expect(verdict("light", "dark")).toMatchObject({ color: "unknown", color_confidence: null });
});

test("one look that names a colour among several that cannot tell is not believed", () => {
  expect(verdict(null, "dark", null, null)).toMatchObject({ color: "unknown", color_confidence: null });
  expect(verdict(null, "dark")).toMatchObject({ color: "dark" });
  expect(verdict(null)).toMatchObject({ type: "car", color: "unknown" });
});

test("who was never looked at has no verdict", () => {
  expect(verdictOf(addVehicle(null, null))).toBeNull();
});
