/** What several looks at one vehicle say together. Sums, so that the order in which looks come does not matter. */
import type { VehicleType } from "#lib/wire/vehicles.ts";
import type { VehicleSeen } from "./vehicles.ts";

export type VehicleVotes = { types: Record<string, number>; colors: Record<string, number> };

/** `null` where it is `unknown`. */
export type VehicleVerdict = {
  type: VehicleType;
  type_confidence: number | null;
  color: string;
  color_confidence: number | null;
};

/** Looks that agree less are none: something else was in the picture too. */
const LEAST_SHARE = 0.75;
/** Of a paint between light and dark one look may name one, where a window or a shadow lies beside the plate: as many must as do not. */
const UNTOLD = "unknown";
/**
 * How often what is said is right (docs/adr/0031-vehicles-are-measured.md). Looks at one vehicle err alike, so that more of them do
 * not make it surer.
 */
const RIGHT = { motorcycle: 0.97, other_type: 0.95, color: 0.9 } as const;

export const addVehicle = (votes: VehicleVotes | null, seen: VehicleSeen | null): VehicleVotes | null => {
  if (seen === null) return votes;
  const { types, colors } = votes ?? { types: {}, colors: {} };
  return { types: counted(types, seen.type), colors: counted(colors, seen.color ?? UNTOLD) };
};

const counted = (counts: Record<string, number>, name: string | null): Record<string, number> =>
  name === null ? counts : { ...counts, [name]: (counts[name] ?? 0) + 1 };

export const verdictOf = (votes: VehicleVotes | null): VehicleVerdict | null => {
  if (votes === null) return null;
  const [type, color] = [mostOf(votes.types), mostOf(votes.colors)];
  const known = type?.name === "car" || type?.name === "motorcycle" ? type.name : null;
  const right = known === "motorcycle" ? RIGHT.motorcycle : RIGHT.other_type;
  return {
    type: known ?? "unknown",
    type_confidence: known && type ? rounded(type.share * right) : null,
    color: color?.name ?? "unknown",
    color_confidence: color ? rounded(color.share * RIGHT.color) : null,
  };
};

const mostOf = ({ [UNTOLD]: untold = 0, ...told }: Record<string, number>): { name: string; share: number } | null => {
  const whole = Object.values(told).reduce((sum, count) => sum + count, 0);
  const [most] = Object.entries(told).toSorted(([a, m], [b, n]) => n - m || a.localeCompare(b));
  if (!most || most[1] < LEAST_SHARE * whole || most[1] < untold) return null;
  return { name: most[0], share: most[1] / whole };
};

const rounded = (share: number): number => Math.round(share * 100) / 100;
