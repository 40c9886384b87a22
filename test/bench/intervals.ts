/** Clopper and Pearson's bounds of a share, 95 %, as `training/gtplates/reading.py` has them. */
export const intervalOf = (right: number, of: number): [number, number] => [
  right === 0 ? 0 : solve((share) => atLeast(right, of, share), 0.025),
  right === of ? 1 : solve((share) => atLeast(right + 1, of, share), 0.975),
];

/** The chance of `least` or more among `of`. */
const atLeast = (least: number, of: number, share: number): number => {
  let sum = 0;
  let ways = 0;
  for (let count = 1; count <= of; count += 1) {
    ways += Math.log(of - count + 1) - Math.log(count);
    if (count >= least) sum += Math.exp(ways + count * Math.log(share) + (of - count) * Math.log1p(-share));
  }
  return least === 0 ? 1 : sum;
};

const solve = (chance: (share: number) => number, wanted: number): number => {
  let [low, high] = [1e-12, 1 - 1e-12];
  for (let turn = 0; turn < 60; turn += 1) {
    const middle = (low + high) / 2;
    if (chance(middle) < wanted) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
};
