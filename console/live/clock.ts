/**
 * The server's clock, told from this page. The workstation's own clock is never trusted: only how much time has passed on it
 * (a monotonic clock) is.
 */

/** All in ms. `sent` and `received` are this page's monotonic clock. */
export type ClockSample = { sent: number; received: number; server: number };

export type ServerClock = {
  add(sample: ClockSample): void;
  /** Server time for a reading of the monotonic clock; null before the first sample. */
  at(monotonic: number): number | null;
  /** Half of the best round trip: how wrong `at` may be. */
  uncertainty(): number | null;
};

/** The round trip with the least delay among these is the most truthful; older ones would hide drift. */
const KEPT = 8;

export const createServerClock = (): ServerClock => {
  let samples: ClockSample[] = [];
  const best = (): ClockSample | null =>
    samples.reduce<ClockSample | null>(
      (least, sample) => (least === null || delayOf(sample) <= delayOf(least) ? sample : least),
      null,
    );
  return {
    add(sample) {
      samples = [...samples, sample].slice(-KEPT);
    },
    at(monotonic) {
      const sample = best();
      return sample === null ? null : sample.server + delayOf(sample) / 2 + (monotonic - sample.received);
    },
    uncertainty() {
      const sample = best();
      return sample === null ? null : delayOf(sample) / 2;
    },
  };
};

const delayOf = ({ sent, received }: ClockSample): number => Math.max(0, received - sent);

/** How far the workstation's clock is ahead of the server's, ms; what the operator sees in the corner would be wrong by it. */
export const stationSkew = (server_ms: number, station_ms: number): number => station_ms - server_ms;
