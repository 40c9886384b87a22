/**
 * Spares who waits for what somebody else holds: of the messages about one subject, e.g. a camera, whose rows are in another's hand,
 * one at a time asks. A backlog about it then takes no seat from messages about others for longer than it takes to put it back.
 */
import { parkSeconds, type Outcome } from "./retry-rules.ts";

export type HeldSubjects = {
  /** `null`: to ask, and to tell what was answered. Else in how many seconds to come again. */
  pass(subject: string | undefined): number | null;
  tell(subject: string | undefined, outcome: Outcome): void;
};

/** While one asks, the others wait for its answer. */
const ASKING_MS = 2000;

export const createHeldSubjects = (clock: () => Date): HeldSubjects => {
  /** When somebody may ask again, ms. */
  const held = new Map<string, number>();
  return {
    pass(subject) {
      if (subject === undefined) return null;
      const again = held.get(subject);
      if (again === undefined) return null;
      const now = clock().getTime();
      if (again > now) return Math.ceil((again - now) / 1000);
      held.set(subject, now + ASKING_MS);
      return null;
    },
    tell(subject, outcome) {
      if (subject === undefined) return;
      if (outcome.only === "subject") held.set(subject, clock().getTime() + parkSeconds(outcome) * 1000);
      else held.delete(subject);
    },
  };
};
