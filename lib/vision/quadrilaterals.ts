/** Four corners as plain geometry: upright boxes, overlap, and whether they can be a plate at all. */
import type { Corners } from "./networks.ts";
import type { Box, Point } from "./picture.ts";
import type { Size } from "./scale.ts";

export type Quadrilateral = [Point, Point, Point, Point];

/** A plate cut by the picture's edge has corners outside, but not farther than its own size. */
const FARTHEST_OUTSIDE = 0.5;
/** Of the upper and of the left edge, in pixels: nobody reads a plate below. */
const SHORTEST_EDGE = 4;

export const pointsOf = (corners: Corners): Quadrilateral => {
  const point = (at: number): Point => ({ x: corners[2 * at] ?? 0, y: corners[2 * at + 1] ?? 0 });
  return [point(0), point(1), point(2), point(3)];
};

const edgesOf = (points: Quadrilateral): { low: Point; high: Point } => {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  return { low: { x: Math.min(...xs), y: Math.min(...ys) }, high: { x: Math.max(...xs), y: Math.max(...ys) } };
};

/** Whole pixels, inside the picture, at least one. */
export const boxOf = (points: Quadrilateral, { width, height }: Size): Box => {
  const { low, high } = edgesOf(points);
  const within = (value: number, most: number): number => Math.min(Math.max(value, 0), most);
  const [x, y] = [within(Math.floor(low.x), width - 1), within(Math.floor(low.y), height - 1)];
  return {
    x,
    y,
    width: within(Math.ceil(high.x) + 1, width) - x || 1,
    height: within(Math.ceil(high.y) + 1, height) - y || 1,
  };
};

/** Intersection over union of the upright boxes. */
export const overlap = (one: Quadrilateral, other: Quadrilateral): number => {
  const [a, b] = [edgesOf(one), edgesOf(other)];
  const across = Math.min(a.high.x, b.high.x) - Math.max(a.low.x, b.low.x);
  const down = Math.min(a.high.y, b.high.y) - Math.max(a.low.y, b.low.y);
  if (across <= 0 || down <= 0) return 0;
  const area = ({ low, high }: typeof a): number => (high.x - low.x) * (high.y - low.y);
  return (across * down) / (area(a) + area(b) - across * down);
};

/** Finite, convex, its corners in reading order, mostly in the picture. */
export const isQuadrilateral = (corners: Corners, { width, height }: Size): boolean => {
  if (corners.length !== 8 || !corners.every(Number.isFinite)) return false;
  const points = pointsOf(corners);
  const [a, b, c, d] = points;
  const turn = (p: Point, q: Point, r: Point): number => (q.x - p.x) * (r.y - q.y) - (q.y - p.y) * (r.x - q.x);
  if (![turn(a, b, c), turn(b, c, d), turn(c, d, a), turn(d, a, b)].every((one) => one > 0)) return false;
  const long = (p: Point, q: Point): boolean => Math.hypot(q.x - p.x, q.y - p.y) >= SHORTEST_EDGE;
  const { low, high } = edgesOf(points);
  const [beside, above] = [(high.x - low.x) * FARTHEST_OUTSIDE, (high.y - low.y) * FARTHEST_OUTSIDE];
  const inside = low.x >= -beside && low.y >= -above && high.x <= width + beside && high.y <= height + above;
  return long(a, b) && long(d, a) && inside;
};
