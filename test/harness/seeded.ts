/** Chance that can be repeated: `GT_SEED` names a run, which says its seed when it begins. */
import { createHash } from "node:crypto";

export type Seeded = { seed: string; below(limit: number): number; shuffled<T>(items: readonly T[]): T[] };

export const seeded = (what: string): Seeded => {
  const seed = process.env["GT_SEED"] ?? newSeed();
  console.log(`${what}: GT_SEED=${seed}`);
  return chanceFrom(seed);
};

export const newSeed = (): string => String(Math.floor(Math.random() * 0xffff_ffff));

/** Always the same for the same seed. */
export const chanceFrom = (seed: string): Seeded => {
  let state = createHash("sha256").update(seed).digest().readUInt32LE();
  // mulberry32
  const next = (): number => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    seed,
    below,
    shuffled(items) {
      const left = [...items];
      return items.map(() => left.splice(below(left.length), 1)[0]!);
    },
  };
};
