/** Whether what is read here can be relied upon; where not, key frames go to the server as if reading here were switched off. */
import type { Log } from "#lib/log.ts";

/** Key frames in a row, none of which could be read though it was a picture. */
const MOST_FAILURES = 5;
const AGAIN_MS = 600_000;

export type Trust = {
  /** `false`: whole frames are to be sent. */
  holds(): boolean;
  succeeded(): void;
  failed(error: unknown): void;
  /** As long as this agent runs, or for a while. */
  lose(why: string, for_good: boolean): void;
};

export const openTrust = (log: Log, monotonic: () => number = () => performance.now()): Trust => {
  let failures = 0;
  let again_at = -Infinity;
  const lose = (reason: string, for_good: boolean): void => {
    if (monotonic() < again_at) return;
    again_at = for_good ? Infinity : monotonic() + AGAIN_MS;
    log.warn("plates are not read here: key frames are sent instead", { reason, for_good });
  };
  return {
    holds: () => monotonic() >= again_at,
    succeeded: () => void (failures = 0),
    failed(error) {
      failures += 1;
      // After a pause one more is enough.
      if (failures >= MOST_FAILURES) lose(error instanceof Error ? error.message : String(error), false);
    },
    lose,
  };
};
