/**
 * What kind of vehicle carries a plate and what colour it has, by measure and not by a network: docs/adr/0031-vehicles-are-measured.md.
 * It costs a picture of 1080p some two milliseconds, outside the path from a frame to its plate.
 */
import type { Picture } from "#lib/vision/picture.ts";
import type { PlateFound } from "#lib/vision/vision.ts";
import { colorAround, type ColorName } from "./colors.ts";
import { openPassers, type Passer, type Passers, type PlateAt } from "./passers.ts";
import { COLUMNS, openStreet, ROWS, type Street } from "./street.ts";
import { widthOf } from "./widths.ts";

/** `null`: this look does not tell. */
export type VehicleSeen = { type: "car" | "motorcycle" | null; color: ColorName | null; width_m: number | null };

/** `carriers`: one for each plate of the picture. `passers`: who has gone by without showing a plate, each told once. */
export type Seen = { carriers: VehicleSeen[]; passers: Passer[] };

/** `null`: nobody looks for vehicles. */
export type Tell = (plates: readonly PlateFound[]) => Seen | null;

/** Asked once for each picture of a source, in the order in which they come; plates may be found meanwhile, and are handed in then. */
export type LookForVehicles = (source: string, at: Date, picture: Picture) => Tell;

/** 70 KB each. Who is forgotten is learnt again, and nothing is said meanwhile. */
const MOST_SOURCES = 500;
/**
 * Metres. With mirrors cars and vans have 1.6 to 2.2, trucks and buses 2.4 and more. What is wide may be two beside each other or
 * a shadow: nothing is said of it. What is narrower than any car was not seen whole.
 */
const [NARROWEST_CAR, WIDEST_CAR] = [1.05, 2.2];

type Place = { street: Street; passers: Passers };

export const openVehicles = ({ enabled }: { enabled: boolean }): LookForVehicles => {
  if (!enabled) return () => () => null;
  const places = new Map<string, Place>();
  const placeOf = (source: string): Place => {
    const place = places.get(source) ?? { street: openStreet(), passers: openPassers() };
    places.delete(source);
    places.set(source, place);
    if (places.size > MOST_SOURCES) places.delete(places.keys().next().value ?? "");
    return place;
  };
  return (source, at, picture) => {
    const { street, passers } = placeOf(source);
    const { isDay, changed } = street.compare(picture);
    return (plates) => ({
      carriers: plates.map((plate) => {
        const width_m = changed && plate.rows === 1 ? widthOf(changed, plate, picture) : null;
        return { type: typeOf(plate, width_m), color: isDay ? colorAround(picture, plate) : null, width_m };
      }),
      passers: changed ? passers.follow(at, changed, plates.map(inCells(picture))) : [],
    });
  };
};

const inCells =
  ({ width, height }: Picture) =>
  ({ box, width_px }: PlateFound): PlateAt => ({
    x: ((box.x + box.width / 2) / width) * COLUMNS,
    y: ((box.y + box.height / 2) / height) * ROWS,
    width: (width_px / width) * COLUMNS,
  });

/** Two rows are what motorcycles carry, and nobody else. */
const typeOf = ({ rows }: PlateFound, width: number | null): VehicleSeen["type"] => {
  if (rows === 2) return "motorcycle";
  return width !== null && width >= NARROWEST_CAR && width <= WIDEST_CAR ? "car" : null;
};
