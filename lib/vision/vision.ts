/**
 * Plates in pictures: a pure module. It knows no city, queue or table, so that the centre and an agent at a site host it alike.
 * What the networks are and how they were made: models/README.md and training/.
 */
import type { Box, Picture, Point } from "#lib/vision/picture.ts";

/** Best first. `confidence`: the probability that this text is the plate, calibrated on pictures kept apart. */
export type Alternative = { text: string; confidence: number };

export type PlateFound = {
  /** The likeliest text that the grammar of its layout allows; `null`: a plate that cannot be read. */
  text: string | null;
  layout: "old" | "mercosul" | null;
  rows: 1 | 2;
  confidence: number;
  /** `text` first; at most five, none below 1 %. */
  alternatives: Alternative[];
  /** Seven positions × 36 (0–9 A–Z): natural logarithms of probabilities, for who joins several looks at one passage. */
  positions: Float32Array[];
  /** How sure the detector is that this is a plate, 0–1. */
  score: number;
  box: Box;
  /** Top left, top right, bottom right, bottom left as the plate is read. */
  corners: [Point, Point, Point, Point];
  /** Length of the upper edge in pixels, and edge contrast of the straightened plate (0–1): what a look is worth. */
  width_px: number;
  sharpness: number;
};

export type VisionState =
  | { state: "ready"; provider: "cpu" | "cuda"; version: string }
  /** The program runs on; `reason` says which file is missing or broken and what to do. */
  | { state: "without_models"; reason: string };

export type Vision = {
  state(): VisionState;
  /**
   * Plates in the picture, best first. Runs in a worker; calls beyond the number of workers wait in turn.
   * Throws `unavailable` without models, and when the worker died over this picture (a new one takes its place).
   */
  find(picture: Picture, options?: { signal?: AbortSignal }): Promise<PlateFound[]>;
  close(): Promise<void>;
};
