/* oxlint-disable typescript/no-non-null-assertion -- a check per pixel would double the time, and the loops know their bounds */
/** What one look at a plate is worth: how steep its edges are for its contrast. */

const LEVELS = 256;
const [DARK, LIGHT, STEEP] = [0.05, 0.95, 0.95];
/** Levels between dark and light: what has less is a wall, and its noise must not look like edges. */
const LEAST_CONTRAST = 12;

/** 0–1: the steepest twentieth of the steps along the rows, as a share of the step from dark to light. `view`: luma 0–255. */
export const sharpnessOf = (view: Float32Array, width: number): number => {
  const [levels, steps] = [new Uint32Array(LEVELS), new Uint32Array(LEVELS)];
  for (let at = 0; at < view.length; at += 1) {
    levels[levelOf(view[at]!)]! += 1;
    if (at % width >= 2) steps[levelOf(Math.abs(view[at]! - view[at - 2]!))]! += 1;
  }
  const contrast = quantile(levels, LIGHT) - quantile(levels, DARK);
  return contrast < LEAST_CONTRAST ? 0 : Math.min(quantile(steps, STEEP) / contrast, 1);
};

const levelOf = (value: number): number => Math.min(Math.max(Math.round(value), 0), LEVELS - 1);

const quantile = (counts: Uint32Array, share: number): number => {
  let left = counts.reduce((sum, count) => sum + count, 0) * share;
  for (let level = 0; level < counts.length; level += 1) {
    left -= counts[level]!;
    if (left <= 0) return level;
  }
  return counts.length - 1;
};
