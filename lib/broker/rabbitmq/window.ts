/**
 * The messages that a consumer has been sent and has not settled, and which of them is treated next.
 *
 * Lanes: of a key only the earliest, so that order holds while a message waits for its next attempt.
 * Suspicion: what somebody's end has returned may be what ended them. The broker holds such an end against every message of
 * the window, so those are treated one at a time and nothing else meanwhile: whoever survived more ends comes later, and of
 * equals once the last and once the first. Innocent neighbours are through after a few rounds, the culprit stays alone.
 */
export type Slot = {
  /** The key whose order is kept, or null. */
  lane: string | null;
  lapses: number;
  /** `stale`: still in hand, but its line ended and the broker has it again. */
  state: "waiting" | "in_hand" | "stale" | "delayed" | "parked";
};

export const nextOf = <S extends Slot>(window: readonly S[], parallel: number): S | null => {
  const inHand = window.filter(({ state }) => state === "in_hand");
  const stale = window.filter(({ state }) => state === "stale");
  if (inHand.length + stale.length >= parallel) return null;
  const ready = readyOf(window);
  const suspects = ready.filter(({ lapses }) => lapses > 0);
  if (suspects.length > 0) return inHand.length > 0 ? null : suspectOf(suspects);
  if (inHand.some(({ lapses }) => lapses > 0)) return null;
  return ready[0] ?? null;
};

const readyOf = <S extends Slot>(window: readonly S[]): S[] => {
  const busy = new Set<string>();
  return window.filter(({ lane, state }) => {
    if (lane === null) return state === "waiting";
    if (busy.has(lane)) return false;
    busy.add(lane);
    return state === "waiting";
  });
};

const suspectOf = <S extends Slot>(suspects: readonly S[]): S | null => {
  const least = Math.min(...suspects.map(({ lapses }) => lapses));
  const equals = suspects.filter(({ lapses }) => lapses === least);
  return (least % 2 === 1 ? equals.at(-1) : equals[0]) ?? null;
};
