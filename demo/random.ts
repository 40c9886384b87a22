/** Chance that is the same in every run: all that is drawn comes from the data folder's seed. */

export type Chance = {
  /** 0 ≤ x < 1 */
  next(): number;
  between(least: number, most: number): number;
  /** Both ends included. */
  whole(least: number, most: number): number;
  pick<T>(choices: readonly [T, ...T[]]): T;
  happens(probability: number): boolean;
};

/** The names make independent streams of one seed, so that a change to one thing leaves the others as they were. */
export const chanceOf = (seed: string, ...names: readonly (string | number)[]): Chance => {
  let state = hashOf([seed, ...names].join("\u0000"));
  // Mulberry32.
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    whole,
    between: (least, most) => least + next() * (most - least),
    pick: (choices) => choices[whole(0, choices.length - 1)] ?? choices[0],
    happens: (probability) => next() < probability,
  };
};

/** FNV-1a, then mixed once more because equal beginnings stay close in it. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
};
