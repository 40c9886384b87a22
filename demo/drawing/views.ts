/** Where a camera hangs and how the street in front of it becomes a picture. Metres; x to the right, up is up, z away. */
import { DRAWING } from "./frame-code.ts";

export type View = {
  /** Where the street vanishes, in units of the drawing. */
  vanishing_x: number;
  horizon: number;
  /** Units of the drawing a metre has at a distance of one metre. */
  focal: number;
  camera_height: number;
};

export type Point = readonly [x: number, y: number];

export const project = (view: View, x: number, up: number, z: number): Point => [
  view.vanishing_x + (view.focal * x) / z,
  view.horizon + (view.focal * (view.camera_height - up)) / z,
];

/** The distance at which a thing on the street is seen at this height of the drawing. */
export const distanceAt = (view: View, y: number): number => (view.focal * view.camera_height) / (y - view.horizon);

/** Where the street leaves the picture below. */
export const nearest = (view: View): number => distanceAt(view, DRAWING.height);

/** Where it is one line with the horizon. */
export const FARTHEST = 3000;

/** SVG's `points`. */
export const points = (corners: readonly Point[]): string =>
  corners.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
