/**
 * From probabilities to plates: `LLLDDDD` (old) and `LLLDLDD` (Mercosul) over the probabilities, never a correction of a finished
 * text. The same rule as `training/gtplates/reading.py`, by which the networks are chosen.
 */
import type { Alternative } from "./vision.ts";

export const CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
export const POSITIONS = 7;
const DIGITS = 10;
/** What the layout's own vote weighs beside the seven characters: flat between 0.3 and 0.8 on pictures kept apart. */
export const LAYOUT_WEIGHT = 0.5;
/** A network's zero is never certain. */
const LEAST = 1e-9;
const MOST_ALTERNATIVES = 5;
const LEAST_CONFIDENCE = 0.01;

const layouts = [
  { name: "old", pattern: "LLLDDDD" },
  { name: "mercosul", pattern: "LLLDLDD" },
] as const;

export type PlateLayout = (typeof layouts)[number]["name"];
/** `share`: of everything that the grammar allows; texts of both layouts together make 1. */
export type Reading = { text: string; layout: PlateLayout; share: number };
type Text = { text: string; score: number };

/** Natural logarithms, each position's probabilities together 1. `characters`: 7 × 36, rows one after the other. */
export const positionsOf = (characters: Float32Array): Float32Array[] =>
  Array.from({ length: POSITIONS }, (_, at) =>
    logarithms(characters.subarray(at * CHARACTERS.length, (at + 1) * CHARACTERS.length)),
  );

const logarithms = (probabilities: Float32Array): Float32Array => {
  const logs = probabilities.map((share) => Math.log(Math.max(share, LEAST)));
  const whole = logOfSum(logs);
  return logs.map((log) => log - whole);
};

const logOfSum = (logs: Iterable<number>): number => {
  const all = [...logs];
  const most = Math.max(...all);
  return most + Math.log(all.reduce((sum, log) => sum + Math.exp(log - most), 0));
};

/** Best first. `layout`: old, Mercosul, and both again in two rows. */
export const readingsOf = (positions: readonly Float32Array[], layout: Float32Array): Reading[] => {
  const vote = logarithms(layout);
  const all = layouts.map(({ name, pattern }, index) => {
    const [one = 0, two = 0] = [vote[index], vote[index + layouts.length]];
    const own = LAYOUT_WEIGHT * logOfSum([one, two]);
    const allowed = positions.map((logs, at) => charactersOf(logs, pattern.charAt(at)));
    const mass = allowed.reduce((sum, texts) => sum + logOfSum(texts.map(({ score }) => score)), own);
    return { name, mass, texts: likeliest(allowed).map(({ text, score }) => ({ text, score: score + own })) };
  });
  const whole = logOfSum(all.map(({ mass }) => mass));
  return all
    .flatMap(({ name, texts }) =>
      texts.map(({ text, score }): Reading => ({ text, layout: name, share: Math.exp(score - whole) })),
    )
    .toSorted((a, b) => b.share - a.share)
    .slice(0, MOST_ALTERNATIVES);
};

const charactersOf = (logs: Float32Array, kind: string): Text[] => {
  const [from, to] = kind === "D" ? [0, DIGITS] : [DIGITS, CHARACTERS.length];
  return Array.from(logs.subarray(from, to), (score, at) => ({ text: CHARACTERS.charAt(from + at), score }));
};

/** Positions do not depend on each other: the best beginnings, each with the best next characters. */
const likeliest = (allowed: readonly Text[][]): Text[] => {
  const best = (texts: Text[]): Text[] => texts.toSorted((a, b) => b.score - a.score).slice(0, MOST_ALTERNATIVES);
  return allowed.reduce<Text[]>(
    (beginnings, next) => {
      const few = best(next);
      return best(
        beginnings.flatMap((head) =>
          few.map((tail) => ({ text: head.text + tail.text, score: head.score + tail.score })),
        ),
      );
    },
    [{ text: "", score: 0 }],
  );
};

/**
 * `sure`: the probability that the first reading is right, as the network learned to say it. The others share what is left of it,
 * and none is likelier beside the first than its characters are: whatever is no plate at all has no likely second text either.
 */
export const alternativesOf = (readings: readonly Reading[], sure: number): Alternative[] => {
  const [first, ...others] = readings;
  if (!first) return [];
  const rest = others.map(({ text, share }) => ({
    text,
    confidence: Math.min((sure * share) / first.share, ((1 - sure) * share) / Math.max(1 - first.share, LEAST)),
  }));
  return [{ text: first.text, confidence: sure }, ...rest].filter(({ confidence }) => confidence >= LEAST_CONFIDENCE);
};
