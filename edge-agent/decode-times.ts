/**
 * When pictures are to be decoded, from when they are shown. That is the same, unless a camera sends B-frames: those come after
 * pictures that are shown later. Players want decode times that rise evenly, so all of them move ahead by as many pictures as may
 * come too early; how many that are is learned from what comes.
 */

/** H.264 allows no more. */
const DEEPEST = 16;

export type DecodeTimes = {
  /** To be told of every picture, whether it is used or not. `true`: it came later than was thought possible. */
  isLate(shown: number): boolean;
  /** With a key frame, where a player begins anew. `interval`: usual distance of pictures. Answers its decode time. */
  begin(shown: number, interval: number): number;
  /** Of the next picture that is used, that key frame included. */
  next(shown: number): number;
};

export const decodeTimes = (): DecodeTimes => {
  let depth = 0;
  const recent = new Float64Array(DEEPEST).fill(Number.NEGATIVE_INFINITY);
  let at = 0;
  /** When as many pictures are shown as may come too early, ascending. */
  let early: number[] = [];
  return {
    isLate(shown) {
      let before = 0;
      for (const time of recent) if (time > shown) before += 1;
      recent[at] = shown;
      at = (at + 1) % DEEPEST;
      if (before <= depth) return false;
      depth = before;
      return true;
    },
    begin(shown, interval) {
      early = Array.from({ length: depth }, (_, index) => shown - (depth - index) * interval);
      return early[0] ?? shown;
    },
    next(shown) {
      if (early.length === 0) return shown;
      early = [...early, shown].toSorted((a, b) => a - b);
      return early.shift() ?? shown;
    },
  };
};
