/** What came of a look, for programs and for people. */
import type { Box, Point } from "#lib/vision/picture.ts";
import type { VehicleSeen } from "#lib/vision/vehicles/vehicles.ts";
import { addVehicle, verdictOf, type VehicleVerdict } from "#lib/vision/vehicles/votes.ts";
import type { Alternative, PlateFound } from "#lib/vision/vision.ts";
import type { Look } from "./sources.ts";

export type Plate = {
  text: string | null;
  confidence: number;
  alternatives: Alternative[];
  layout: PlateFound["layout"];
  rows: 1 | 2;
  box: Box;
  /** Top left, top right, bottom right, bottom left as the plate is read. */
  corners: Point[];
  score: number;
  /** By this look alone. In a video its street is learnt first, and until then the type is `unknown`. */
  vehicle: VehicleVerdict | null;
};

export type Line = { file: string; time: number | null } & (
  | { width: number; height: number; plates: Plate[] }
  | { error: { reason: string; message: string } }
);

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

export const plateOf = (found: PlateFound, vehicle: VehicleSeen | null): Plate => ({
  text: found.text,
  confidence: rounded(found.confidence, 4),
  alternatives: found.alternatives.map(({ text, confidence }) => ({ text, confidence: rounded(confidence, 4) })),
  layout: found.layout,
  rows: found.rows,
  box: found.box,
  corners: found.corners.map(({ x, y }) => ({ x: rounded(x, 1), y: rounded(y, 1) })),
  score: rounded(found.score, 4),
  vehicle: verdictOf(addVehicle(null, vehicle)),
});

/** A row for each plate; `base`: what all files have in common is left out. */
export const tableRows = (line: Line, look: Look): string[] => {
  const where = `${look.name}`.padEnd(28);
  if ("error" in line) return [`${where}  ✗ ${line.error.message}`];
  if (line.plates.length === 0) return [`${where}  –`];
  return line.plates.map((plate) => {
    const others = plate.alternatives
      .filter(({ text }) => text !== plate.text)
      .map(({ text, confidence }) => `${text} ${percent(confidence)}`);
    const rows = plate.rows === 2 ? ", two rows" : "";
    const read = plate.text === null ? "cannot be read" : `${plate.text}  ${percent(plate.confidence).padStart(6)}`;
    return `${where}  ${read}  ${plate.layout ?? ""}${rows}${others.length > 0 ? `  or ${others.join(", ")}` : ""}`;
  });
};

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
