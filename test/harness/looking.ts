/** Looks during the time that has passed so far. */
const LOOKS = 20;

/**
 * How often something is looked at that comes by itself: often at first, then after a twentieth of the time that has passed. A
 * look takes from the machine what it looks at, and who waits half a minute need not know to the millisecond.
 */
export const untilNextLook = (waited_ms: number, often_ms: number, seldom_ms: number): number =>
  Math.min(seldom_ms, Math.max(often_ms, waited_ms / LOOKS));
