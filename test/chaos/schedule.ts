/** Which faults come when: everything follows from the seed. */
import { chanceFrom, type Seeded } from "#test/harness/seeded.ts";

export const faultKinds = [
  "kill",
  "pause",
  "reset",
  "refuse",
  "half-open",
  "swallow",
  "slow",
  "narrow",
  "fill",
  "clock-back",
  "clock-ahead",
] as const;
export type FaultKind = (typeof faultKinds)[number];

export type Fault = { kind: FaultKind; target: string; at_ms: number; for_ms: number };

/** What each kind of fault can happen to. */
export type Targets = {
  killed: readonly string[];
  paused: readonly string[];
  lines: readonly string[];
  volumes: readonly string[];
  clocks: readonly string[];
};

/** Shortest and longest. A kill is over at once; how long until it is back is not ours to say. */
const lasting: Record<FaultKind, readonly [number, number]> = {
  kill: [0, 0],
  pause: [1000, 12_000],
  reset: [0, 0],
  refuse: [1000, 8000],
  "half-open": [1000, 12_000],
  swallow: [1000, 8000],
  slow: [2000, 8000],
  narrow: [2000, 8000],
  fill: [4000, 12_000],
  "clock-back": [4000, 15_000],
  "clock-ahead": [4000, 15_000],
};

const PAUSE_MS = [1500, 4500] as const;
/** At the beginning everything is whole, so that there is something to lose. */
const FIRST_MS = 5000;
/** Kills come often: they are what happens. */
const KILLS = 2;

export const planSchedule = (seed: string, duration_ms: number, targets: Targets): Fault[] => {
  const chance = chanceFrom(seed);
  const faults: Fault[] = [];
  const busyUntil = new Map<string, number>();
  let deck: Pair[] = [];
  for (let at_ms = FIRST_MS; at_ms < duration_ms; at_ms += between(chance, PAUSE_MS)) {
    // Each fault happens to each of its targets before one happens twice.
    if (deck.length === 0) deck = chance.shuffled(pairsOf(targets));
    // A target has one fault at a time, so that the end of one is not the end of another.
    const next = deck.findIndex(({ target }) => (busyUntil.get(target) ?? 0) <= at_ms);
    if (next < 0) continue;
    const [pair] = deck.splice(next, 1) as [Pair];
    const for_ms = Math.min(between(chance, lasting[pair.kind]), duration_ms - at_ms);
    faults.push({ ...pair, at_ms, for_ms });
    busyUntil.set(pair.target, at_ms + for_ms + REST_MS);
  }
  return faults;
};

/** What was killed or healed comes back before it meets the next. */
const REST_MS = 4000;

type Pair = { kind: FaultKind; target: string };

const pairsOf = ({ killed, paused, lines, volumes, clocks }: Targets): Pair[] => {
  const each = (kinds: readonly FaultKind[], names: readonly string[]): Pair[] =>
    kinds.flatMap((kind) => names.map((target) => ({ kind, target })));
  return [
    ...each(
      Array.from({ length: KILLS }, () => "kill" as const),
      killed,
    ),
    ...each(["pause"], paused),
    ...each(["reset", "refuse", "half-open", "swallow", "slow", "narrow"], lines),
    ...each(["fill"], volumes),
    ...each(["clock-back", "clock-ahead"], clocks),
  ];
};

const between = (chance: Seeded, [least, most]: readonly [number, number]): number =>
  least + chance.below(most - least + 1);
