/** How large a picture the detector is shown. */
import type { Size } from "./scale.ts";

const STEP = 32;
const MOST_ENLARGED = 2;
/** The more pixels a picture has, the smaller may be what its camera was hung up to see: measured in `training/notes.md`. */
export const detectorPixels = [
  { above: 6_000_000, pixels: 1920 * 1088 },
  { above: 2_500_000, pixels: 1280 * 736 },
  { above: 500_000, pixels: 960 * 544 },
] as const;
export const USUAL_PIXELS = 640 * 384;

/** Pixels that the detector is shown, whatever the shape of the picture. `auto`: by the picture's own. */
export type DetectorPixels = "auto" | number;

/** Both sides multiples of 32 (`training/gtplates/models.py` has the same rule). */
export const detectorSize = ({ width, height }: Size, shown: DetectorPixels = "auto"): Size => {
  const pixels = shown === "auto" ? pixelsFor(width * height) : shown;
  const scale = Math.min(Math.sqrt(pixels / (width * height)), MOST_ENLARGED);
  const side = (length: number): number => Math.max(STEP, roundToEven((length * scale) / STEP) * STEP);
  return { width: side(width), height: side(height) };
};

const pixelsFor = (pictures: number): number =>
  detectorPixels.find(({ above }) => pictures > above)?.pixels ?? USUAL_PIXELS;

/** Python's rounding: a half goes to the even neighbour. */
const roundToEven = (value: number): number => {
  const low = Math.floor(value);
  return value - low === 0.5 ? low + (low % 2) : Math.round(value);
};
