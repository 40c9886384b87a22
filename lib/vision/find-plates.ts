/** Detect, refine, read: one picture, on networks that are handed in. */
import { alternativesOf, positionsOf, readingsOf } from "./grammar.ts";
import { VIEW, type Corners, type Luma, type Networks } from "./networks.ts";
import { boxOf, isQuadrilateral, overlap, pointsOf } from "./quadrilaterals.ts";
import { detectorSize, type DetectorPixels } from "./detector-size.ts";
import { scaleLuma } from "./scale.ts";
import { sharpnessOf } from "./sharpness.ts";
import type { PlateFound } from "./vision.ts";

/**
 * Below it the detector sees nothing: 109 of 110 plates of photographs have 0.5 and more. Of 294 small ones in frames of 1080p
 * 187 have 0.3 and 208 have 0.15, with 1.5 and 5.3 finds beside them; a larger input finds more of them for less.
 */
export const LEAST_SCORE = 0.3;
/**
 * All that the detector names, less the one that says that there were more. Parked cars come first where they are the clearest, and
 * who passes behind them must have a place. Each costs about a third of a detection in 1080p (8 ms of CPU): a wall of stickers
 * six detections, which no worker hangs on.
 */
export const MOST_CANDIDATES = 15;
/** Refined corners of two candidates that share so much are one plate. */
const SAME_PLACE = 0.4;
/**
 * Below it a text is a guess: what the detector is sure of is a plate that cannot be read, anything else is none. Of the
 * photographs that choose between networks, plates have 0.23 and more, and 19 of 20 finds beside them less than 0.1.
 */
export const LEAST_SURE = 0.1;
const EVIDENT_SCORE = 0.6;

export type Finds = {
  plates: PlateFound[];
  /** Finds for which a network gave numbers that are none, or no probabilities. */
  unusable: number;
  /** Finds whose refined corners make no plate: mostly things that are none. */
  implausible: number;
  /** Finds that were not looked at, being fainter than as many others as are read of one picture. */
  too_many: number;
};
type Candidate = { corners: Corners; score: number; two_rows: number };

export const findPlates = async (networks: Networks, picture: Luma, shown: DetectorPixels = "auto"): Promise<Finds> => {
  const finds: Finds = { plates: [], unusable: 0, implausible: 0, too_many: 0 };
  for (const candidate of await candidatesOf(networks, picture, shown, finds)) {
    const corners = await networks.refine(picture, candidate.corners);
    if (!corners.every(Number.isFinite)) finds.unusable += 1;
    else if (!isQuadrilateral(corners, picture)) finds.implausible += 1;
    else if (!finds.plates.some(({ corners: other }) => overlap(pointsOf(corners), other) > SAME_PLACE)) {
      const plate = await readPlate(networks, picture, { ...candidate, corners });
      if (plate === "unusable") finds.unusable += 1;
      else if (plate) finds.plates.push(plate);
    }
  }
  finds.plates.sort((a, b) => b.score * b.confidence - a.score * a.confidence);
  return finds;
};

/** One look at the whole picture: a smaller one beside it finds no more (`training/notes.md`). */
const candidatesOf = async (
  networks: Networks,
  picture: Luma,
  shown: DetectorPixels,
  finds: Finds,
): Promise<Candidate[]> => {
  const size = detectorSize(picture, shown);
  const small = { ...size, luma: scaleLuma(picture.luma, picture, size) };
  const { corners, score, two_rows } = await networks.detect(small);
  const [across, down] = [picture.width / size.width, picture.height / size.height];
  const candidates: Candidate[] = [];
  for (const [at, one] of score.entries()) {
    // Whole coordinates are middles of pixels: the half pixel is scaled too.
    const own = corners
      .subarray(at * 8, at * 8 + 8)
      .map((value, axis) => (value + 0.5) * (axis % 2 === 0 ? across : down) - 0.5);
    if (!Number.isFinite(one) || !own.every(Number.isFinite)) finds.unusable += 1;
    else if (one >= LEAST_SCORE) candidates.push({ corners: own, score: one, two_rows: two_rows[at] ?? 0 });
  }
  finds.too_many = Math.max(0, candidates.length - MOST_CANDIDATES);
  return candidates.slice(0, MOST_CANDIDATES);
};

const readPlate = async (
  networks: Networks,
  picture: Luma,
  { corners, score, two_rows }: Candidate,
): Promise<PlateFound | "unusable" | null> => {
  const { characters, layout, sure, view } = await networks.read(picture, corners);
  const numbers = [characters, layout, [sure]];
  if (!numbers.every((some) => some.every((value) => value >= 0 && value <= 1.001))) return "unusable";
  if (sure < LEAST_SURE && score < EVIDENT_SCORE) return null;
  const positions = positionsOf(characters);
  const readings = readingsOf(positions, layout);
  const likeliest = sure >= LEAST_SURE ? readings[0] : undefined;
  const inTwoRows = (layout[2] ?? 0) + (layout[3] ?? 0);
  const points = pointsOf(corners);
  return {
    text: likeliest?.text ?? null,
    layout: likeliest?.layout ?? null,
    rows: (likeliest ? inTwoRows : two_rows) > 0.5 ? 2 : 1,
    confidence: Math.min(sure, 1),
    alternatives: alternativesOf(readings, Math.min(sure, 1)),
    positions,
    score: Math.min(score, 1),
    box: boxOf(points, picture),
    corners: points,
    width_px: Math.hypot(points[1].x - points[0].x, points[1].y - points[0].y),
    sharpness: sharpnessOf(view, VIEW.width),
  };
};
