/**
 * Spares what is down. After five refusals in a row nobody asks for as long as the last one said, 60 s where it said nothing;
 * then one asks for all. Who comes meanwhile waits, so that a backlog costs nothing: it stays in its queue.
 */
import { PARK_SECONDS } from "#lib/broker/broker.ts";

/** `unclear`: an answer that says nothing about what is behind it, e.g. that this one message is too new. */
export type Found = "up" | "down" | "unclear";
/** `seconds`: when it wants to be asked again. */
export type Tell = (found: Found, seconds?: number) => void;
export type Breaker = {
  /** To ask, and to tell what was found; or to come again later, because it is still down or the end has come. */
  pass(): Promise<{ tell: Tell } | { later_seconds: number }>;
  isOpen(): boolean;
  /** Nobody waits any longer. */
  end(): void;
};

const REFUSALS = 5;

/** `wait` ends early when `end` is called. */
export const createBreaker = (parts: {
  clock: () => Date;
  wait: (ms: number) => Promise<void>;
  turned: (isOpen: boolean) => void;
}): Breaker => {
  const { clock, wait, turned } = parts;
  const state = { refusals: 0, ask_again: null as number | null, probe: null as Promise<Found> | null, ended: false };

  const tell: Tell = (found, seconds = PARK_SECONDS) => {
    if (found === "unclear") return;
    const wasOpen = state.ask_again !== null;
    state.refusals = found === "up" ? 0 : state.refusals + 1;
    if (found === "up") state.ask_again = null;
    // Who was asked before it opened is late with its word: the waiting is not made longer by it.
    else if (!wasOpen && state.refusals >= REFUSALS) state.ask_again = clock().getTime() + seconds * 1000;
    if (wasOpen !== (state.ask_again !== null)) turned(!wasOpen);
  };

  const probing = (): Tell => {
    const { promise, resolve } = Promise.withResolvers<Found>();
    state.probe = promise;
    return (found, seconds = PARK_SECONDS) => {
      state.probe = null;
      if (found === "down") state.ask_again = clock().getTime() + seconds * 1000;
      tell(found, seconds);
      resolve(found);
    };
  };

  const later = () => ({
    later_seconds: Math.max(1, Math.ceil(((state.ask_again ?? 0) - clock().getTime()) / 1000)),
  });

  return {
    pass: async () => {
      while (!state.ended) {
        if (state.ask_again === null) return { tell };
        const left = state.ask_again - clock().getTime();
        if (state.probe) {
          if ((await state.probe) === "down") return later();
        } else if (left > 0) await wait(left);
        else return { tell: probing() };
      }
      return { later_seconds: 1 };
    },
    isOpen: () => state.ask_again !== null,
    end: () => void (state.ended = true),
  };
};
