/** How long to wait before trying again: doubling with jitter, and a breaker's pause once it has failed often. */

export type BackOff = { failed(): number; healthy(): void };

const BREAKER_AFTER = 5;

export const backOff = (
  { first_ms, longest_ms, breaker_ms }: { first_ms: number; longest_ms: number; breaker_ms: number },
  random: () => number = Math.random,
): BackOff => {
  let failures = 0;
  return {
    failed() {
      failures += 1;
      const doubled = Math.min(first_ms * 2 ** (failures - 1), longest_ms);
      const pause = failures >= BREAKER_AFTER ? Math.max(breaker_ms, doubled) : doubled;
      return pause * (0.5 + random() / 2);
    },
    healthy: () => void (failures = 0),
  };
};
