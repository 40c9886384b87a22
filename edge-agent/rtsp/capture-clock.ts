/**
 * When a picture was taken, in server time: RTP timestamps of one connection joined to the clock of their arrival. The least
 * delayed packets of late decide, so that a line that stutters does not make pictures younger than they are.
 */

const TICKS_PER_MS = 90;
const WRAP = 2 ** 32;
/** Within this, the camera's own report of its clock is better than the time of arrival. */
const AGREES_MS = 250;
/** The camera's ticks and our milliseconds drift apart by less than this. */
const DRIFT_PER_MS = 0.0005;
/** Later than expected by this much for this long: the camera paused its ticks; the new distance is the true one. */
const [BEHIND_MS, BEHIND_FOR_MS] = [400, 2000];

/** A picture is never this much later (or earlier) than the one before it says, as far as its arrival tells. */
const [JUMP_AHEAD_MS, JUMP_BACK_MS] = [5000, 1000];

export type CaptureClock = {
  /** Did the camera's clock jump before this picture? Times of one connection are then worth nothing any more. */
  jumped(rtp_time: number, arrived_ms: number): boolean;
  /** At the last packet of a picture. Answers its capture time, ms since 1970. */
  picture(rtp_time: number, arrived_ms: number): number;
  /** A sender report (RTCP). */
  report(rtp_time: number, wall_ms: number, arrived_ms: number): void;
  /** Of any tick of this connection, once a picture came. */
  timeOf(ticks: number): number;
  /** RTP time without wrapping, from the first picture. */
  ticksOf(rtp_time: number): number;
};

export const captureClock = (): CaptureClock => {
  let first: number | null = null;
  let lastTicks = 0;
  /** arrival − ticks/90: the wall time of tick 0, as the least delayed picture says it. */
  let origin = Number.POSITIVE_INFINITY;
  let seen_ms = 0;
  let behind: { since_ms: number; least: number } | null = null;
  let reported: number | null = null;

  const ticksOf = (rtp_time: number): number => {
    first ??= rtp_time;
    const raw = (rtp_time - first + WRAP) % WRAP;
    // The wrap nearest to the last picture.
    return raw + Math.round((lastTicks - raw) / WRAP) * WRAP;
  };
  const timeOf = (ticks: number): number => (reported ?? origin) + ticks / TICKS_PER_MS;

  const follow = (candidate: number, arrived_ms: number): void => {
    if (origin !== Number.POSITIVE_INFINITY) origin += Math.max(0, arrived_ms - seen_ms) * DRIFT_PER_MS;
    seen_ms = arrived_ms;
    if (candidate <= origin) {
      // Far ahead of what could have been: the ticks jumped.
      origin = candidate;
      behind = null;
      return;
    }
    if (candidate - origin < BEHIND_MS) return void (behind = null);
    behind = { since_ms: behind?.since_ms ?? arrived_ms, least: Math.min(behind?.least ?? candidate, candidate) };
    if (arrived_ms - behind.since_ms < BEHIND_FOR_MS) return;
    origin = behind.least;
    behind = null;
    reported = null;
  };

  return {
    ticksOf,
    timeOf,
    jumped(rtp_time, arrived_ms) {
      if (first === null) return false;
      const step = (ticksOf(rtp_time) - lastTicks) / TICKS_PER_MS;
      return step < -JUMP_BACK_MS || step - (arrived_ms - seen_ms) > JUMP_AHEAD_MS;
    },
    picture(rtp_time, arrived_ms) {
      const ticks = ticksOf(rtp_time);
      lastTicks = ticks;
      follow(arrived_ms - ticks / TICKS_PER_MS, arrived_ms);
      if (reported !== null && Math.abs(reported - origin) > AGREES_MS) reported = null;
      return Math.min(timeOf(ticks), arrived_ms);
    },
    report(rtp_time, wall_ms, arrived_ms) {
      if (origin === Number.POSITIVE_INFINITY) return;
      const said = wall_ms - ticksOf(rtp_time) / TICKS_PER_MS;
      const agrees = Math.abs(said - origin) <= AGREES_MS && Math.abs(wall_ms - arrived_ms) < 60_000;
      reported = agrees ? said : null;
    },
  };
};
