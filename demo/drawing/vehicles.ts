/** Vehicles as SVG, seen from the front or from behind. Centimetres; the middle of the wheels' line is 0, 0 and up is negative. */
import { carBack } from "./car-backs.ts";
import { carFront } from "./car-fronts.ts";
import { largeBack } from "./large-backs.ts";
import { motorcycleBack } from "./motorcycles.ts";
import { drawPlate, plateSize, type PlateLayout } from "./plates.ts";
import {
  isLarge,
  paintOf,
  shapes,
  type Drawing,
  type Paint,
  type PaintName,
  type Vehicle,
  type VehicleKind,
} from "./vehicle-shapes.ts";

export type Facing = "front" | "back";

export type VehicleLook = {
  kind: VehicleKind;
  facing: Facing;
  /** Name of `paints`. */
  paint: PaintName;
  plate: string;
  layout: PlateLayout;
};

export const drawVehicle = (look: VehicleLook): Vehicle => {
  const paint = paintOf(look.paint);
  const drawing = draw(look, paint);
  const { x, y, rows, scale } = drawing.plate;
  const size = plateSize[rows];
  const plate = `<g transform="translate(${x} ${y}) scale(${scale})">${drawPlate(look.plate, look.layout, rows)}</g>`;
  const tall = look.kind === "motorcycle" ? 178 : shapes[look.kind].roof + 6;
  const half = look.kind === "motorcycle" ? 52 : shapes[look.kind].half + 22;
  return {
    ...drawing,
    body: `${drawing.body}${plate}`,
    lit: `${drawing.lit}<g opacity="0.72">${plate}</g>`,
    box: { left: -half, top: -tall, width: half * 2, height: tall + 14 },
    plateBox: { left: x, top: y, width: size.width * scale, height: size.height * scale },
  };
};

const draw = ({ kind, facing }: VehicleLook, paint: Paint): Drawing => {
  if (kind === "motorcycle") return motorcycleBack(paint);
  if (isLarge(kind)) return largeBack(kind, shapes[kind], paint);
  return facing === "front" ? carFront(shapes[kind], paint) : carBack(kind, shapes[kind], paint);
};
