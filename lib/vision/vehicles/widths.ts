/**
 * How wide the vehicle around a plate is: the plate is the ruler, since a plate of one row is 400 mm wide in both layouts, and
 * what differs from the empty street beside it is the vehicle.
 */
import type { PlateFound } from "#lib/vision/vision.ts";
import type { Size } from "#lib/vision/scale.ts";
import { COLUMNS, ROWS, type Changed } from "./street.ts";

const PLATE_METRES = 0.4;
/** Where bumper and bonnet are: below are wheels and shadow, above glass. Metres from the middle of the plate, up is negative. */
const [HIGHEST, LOWEST] = [-0.4, 0.06];
/** Lamps and paint like the street may tear a hole of this size; two vehicles beside each other are further apart. */
const GAP_METRES = 0.25;
/** Of the plate's width in cells: with less, one cell more or less is another vehicle. */
const LEAST_CELLS = 2.4;
const FARTHEST_METRES = 4;
/** Of the width: plates are in the middle. One side that is much longer is a shadow, another vehicle or a side that shows. */
const MOST_ASKEW = 0.3;

/** Metres. `null`: it cannot be told, as where the picture ends. */
export const widthOf = (changed: Changed, plate: Pick<PlateFound, "corners" | "box">, picture: Size): number | null => {
  const { corners, box } = plate;
  const across = (corners[1].x - corners[0].x + corners[2].x - corners[3].x) / 2;
  const cell = { width: picture.width / COLUMNS, height: picture.height / ROWS };
  if (across < LEAST_CELLS * cell.width) return null;
  const metre = across / PLATE_METRES;
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const [top, bottom] = [HIGHEST, LOWEST].map((up) => Math.floor((middle.y + up * metre) / cell.height)) as [
    number,
    number,
  ];
  const sides: { left: number; right: number }[] = [];
  for (let row = Math.max(0, top); row <= Math.min(ROWS - 1, bottom); row += 1) {
    const reach = (direction: 1 | -1): number | null =>
      reachOf(changed, row, {
        from: middle.x / cell.width,
        metre: metre / cell.width,
        half: across / 2 / cell.width,
        direction,
      });
    const [left, right] = [reach(-1), reach(1)];
    if (left === null || right === null) return null;
    sides.push({ left, right });
  }
  const side = (of: "left" | "right"): number => middleOf(sides.map((one) => one[of]));
  const [left, right] = [side("left"), side("right")];
  const width = left + right;
  return sides.length > 0 && Math.abs(left - right) <= MOST_ASKEW * width ? width : null;
};

type Reach = { from: number; metre: number; half: number; direction: 1 | -1 };

/** Metres from the middle of the plate to the vehicle's edge in this row; `null`: to the edge of the picture. */
const reachOf = (changed: Changed, row: number, { from, metre, half, direction }: Reach): number | null => {
  const most = Math.max(1, Math.round(GAP_METRES * metre));
  let last = from + direction * half;
  for (let column = Math.floor(last) + direction, gap = 0; gap <= most; column += direction) {
    if (column < 0 || column >= COLUMNS) return null;
    if (Math.abs(column - from) > FARTHEST_METRES * metre) return null;
    const isChanged = changed[row * COLUMNS + column] === 1;
    gap = isChanged ? 0 : gap + 1;
    if (isChanged) last = direction === 1 ? column + 1 : column;
  }
  return Math.abs(last - from) / metre;
};

const middleOf = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
