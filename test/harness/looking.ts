/** How often something is looked at that comes by itself. */
const LOOKS = 20;
const SELDOM_MS = 500;

/**
 * Often at first, then after a twentieth of the time that has passed: a look takes from the machine what it looks at, and who waits
 * half a minute need not know to the millisecond.
 */
export const untilNextLook = (waited_ms: number, often_ms: number): number =>
  Math.min(SELDOM_MS, Math.max(often_ms, waited_ms / LOOKS));
