/** One look at one plate: what a frame showed of it, and what that is worth beside other looks. */
import { namedId } from "#lib/named-ids.ts";
import type { Frame } from "#lib/frames/frames.ts";
import type { Picture } from "#lib/vision/picture.ts";
import type { VehicleSeen } from "#lib/vision/vehicles/vehicles.ts";
import type { PlateFound } from "#lib/vision/vision.ts";

/** Centre and width of the plate, as shares of the picture: cameras change their resolution. */
export type Place = { x: number; y: number; width: number };

export type Look = {
  /** The same for the same frame, however often it is offered. */
  id: string;
  at: Date;
  found: PlateFound;
  place: Place;
  picture: { width: number; height: number };
  /** `null`: nobody looked for it. */
  vehicle: VehicleSeen | null;
  /** 0.05 to 1. */
  weight: number;
};

/** Full worth from here on: a plate that fills this many pixels, with edges this steep, is as readable as it gets. */
const [WIDE_PX, SHARP] = [100, 0.5];
const LEAST_WEIGHT = 0.05;

export const weightOf = ({ width_px, sharpness }: Pick<PlateFound, "width_px" | "sharpness">): number =>
  Math.max(LEAST_WEIGHT, Math.min(1, width_px / WIDE_PX) * Math.min(1, sharpness / SHARP));

export const looksOf = (
  frame: Pick<Frame, "id" | "captured_at">,
  { width, height }: Pick<Picture, "width" | "height">,
  plates: readonly PlateFound[],
  vehicles: readonly VehicleSeen[] | null,
): Look[] =>
  plates.map((found, index) => ({
    id: namedId(frame.captured_at, `${frame.id} ${index}`),
    at: frame.captured_at,
    found,
    place: {
      x: (found.box.x + found.box.width / 2) / width,
      y: (found.box.y + found.box.height / 2) / height,
      width: found.box.width / width,
    },
    picture: { width, height },
    vehicle: vehicles?.[index] ?? null,
    weight: weightOf(found),
  }));
