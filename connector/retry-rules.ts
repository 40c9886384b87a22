/**
 * What an answer of a function means for its message: done, again and when, later, or never. What an error of ours answers stands in
 * `lib/function/answer.ts`; how often a message may come whose holder died, in the adapters of the broker.
 */
import { PARK_SECONDS, RETRY_SECONDS, type Settlement } from "#lib/broker/broker.ts";
import type { OnlyWaits } from "#lib/function/answer.ts";
import type { Found } from "./breaker.ts";

/**
 * An HTTP status, whether asked over HTTP or in process. `final`: the answer carried `x-final: 1`.
 * `retry_after_seconds` counts with 503 and 429 only.
 */
export type Outcome = {
  status: number;
  final: boolean;
  reason?: string;
  retry_after_seconds?: number;
  /** The answer carried `x-park`: nothing is down, only this message or those about its subject have to wait. */
  only?: OnlyWaits;
};

export const mustPark = ({ status }: Outcome): boolean => status === 503 || status === 429;
/** At most `PARK_SECONDS`: whoever knows better says so by `Retry-After`. */
export const parkSeconds = ({ retry_after_seconds }: Outcome): number =>
  Math.min(PARK_SECONDS, Math.max(1, retry_after_seconds ?? PARK_SECONDS));

/** `attempt` is the one that ended so, from 1. */
export const settlementOf = (outcome: Outcome, attempt: number): Settlement => {
  const { status, final, reason } = outcome;
  const told = `${status}${reason === undefined ? "" : `: ${reason}`}`;
  if (status >= 200 && status < 300) return { done: true };
  // A dependency is down: that is not the message's fault.
  if (mustPark(outcome)) return { park: true, delay_seconds: parkSeconds(outcome), reason: told };
  if (final) return { dead: true, reason: `refused for good, ${told}` };
  const delay_seconds = RETRY_SECONDS[attempt - 1];
  if (delay_seconds !== undefined) return { retry: true, delay_seconds, reason: told };
  return { dead: true, reason: `failed ${attempt} times, last with ${told}` };
};

/** What an answer says about the function and what it needs. A busy one (429) is not down. */
export const foundIn = ({ status, only }: Outcome): Found => {
  if (status === 503) return only ? "unclear" : "down";
  return status === 429 ? "unclear" : "up";
};
