/**
 * Server time on this machine's monotonic clock: a step of the wall clock here moves no capture time. Set at each exchange with
 * the server; the exchange with the shortest way decides.
 */

export type ServerClock = {
  /** ms since 1970, server time. */
  now(): number;
  /** A server's answer to a request that went out at `sent` and came back at `received` (monotonic ms). */
  learn(server_ms: number, sent: number, received: number): void;
  /** A rough word of the server (to the second), believed until it gave a better one. */
  suggest(server_ms: number): void;
  /** Server time − this machine's wall clock, ms. */
  offset(): number;
};

/** A rough word says no more than this. */
const ROUGH_MS = 5000;
/** A short way gets old: clocks drift. */
const FORGET_MS_PER_MS = 0.0005;

export const serverClock = (
  monotonic: () => number = () => performance.now(),
  wall: () => number = () => Date.now(),
): ServerClock => {
  let base = wall() - monotonic();
  let best = Number.POSITIVE_INFINITY;
  let best_at = 0;
  return {
    now: () => base + monotonic(),
    learn(server_ms, sent, received) {
      const way = received - sent;
      if (way > best + (received - best_at) * FORGET_MS_PER_MS + 2) return;
      best = way;
      best_at = received;
      base = server_ms + way / 2 - received;
    },
    suggest(server_ms) {
      const rough = server_ms - monotonic();
      if (best === Number.POSITIVE_INFINITY && Math.abs(rough - base) > ROUGH_MS) base = rough;
    },
    offset: () => Math.round(base + monotonic() - wall()),
  };
};
