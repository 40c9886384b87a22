/** What the drawings of vehicles have in common: sizes, paints and what a drawing is. Centimetres. */
import { BLACK, WHITE, colour, hex, mix, type Colour } from "./colours.ts";

export const largeKinds = ["truck", "bus"] as const;
export type LargeKind = (typeof largeKinds)[number];
export const vehicleKinds = ["hatch", "sedan", "suv", "pickup", "van", "motorcycle", ...largeKinds] as const;
export type VehicleKind = (typeof vehicleKinds)[number];
export const isLarge = (kind: VehicleKind): kind is LargeKind => largeKinds.some((large) => large === kind);

export const paints = {
  white: "#eef0f2",
  silver: "#b9c0c7",
  grey: "#6d757e",
  black: "#2a2d33",
  red: "#c4262e",
  blue: "#2559a8",
  green: "#2f7d5b",
  beige: "#cdb894",
  orange: "#e07b2a",
  yellow: "#f0c02e",
} as const;
export type PaintName = keyof typeof paints;

/** Half of the width, and heights above the street. */
export type Shape = {
  half: number;
  roof: number;
  roofHalf: number;
  /** Where windows begin. */
  belt: number;
  /** Upper edge of the grille. */
  nose: number;
  clearance: number;
};

export const shapes: Readonly<Record<Exclude<VehicleKind, "motorcycle">, Shape>> = {
  hatch: { half: 86, roof: 150, roofHalf: 60, belt: 98, nose: 74, clearance: 20 },
  sedan: { half: 90, roof: 145, roofHalf: 60, belt: 96, nose: 72, clearance: 18 },
  suv: { half: 95, roof: 172, roofHalf: 70, belt: 112, nose: 86, clearance: 26 },
  pickup: { half: 96, roof: 178, roofHalf: 70, belt: 118, nose: 94, clearance: 30 },
  van: { half: 98, roof: 208, roofHalf: 84, belt: 112, nose: 80, clearance: 24 },
  truck: { half: 125, roof: 350, roofHalf: 125, belt: 110, nose: 80, clearance: 46 },
  bus: { half: 127, roof: 312, roofHalf: 127, belt: 176, nose: 80, clearance: 40 },
};

export type Lamp = { x: number; y: number; kind: "head" | "tail" };
export type Drawing = {
  /** Everything that daylight shows. */
  body: string;
  /** What shines by itself when lamps are on. */
  lit: string;
  lamps: Lamp[];
  /** Where the plate's upper left corner is. */
  plate: { x: number; y: number; rows: 1 | 2; scale: number };
};

/** What the picture of a vehicle covers. */
export type Box = { left: number; top: number; width: number; height: number };

export type Vehicle = Drawing & { box: Box; plateBox: Box };

/** Four tenths larger than life, so that plates can be read in a picture this small. */
export const CENTIMETRES_PER_MM = 0.14;

export type Paint = { base: string; light: string; dark: string; deep: string };

export const paintOf = (name: PaintName): Paint => {
  const base: Colour = colour(paints[name]);
  return {
    base: hex(base),
    light: hex(mix(base, WHITE, 0.38)),
    dark: hex(mix(base, BLACK, 0.28)),
    deep: hex(mix(base, BLACK, 0.55)),
  };
};
