/**
 * What may be lost at any moment without anybody being wrong: states with a life time, last frames, counters, hints.
 *
 * Promises (`test/contracts/cache.test.ts`): a value is gone at the latest 1 s after its time; `limit` is exact within one
 * cache; a subscriber gets what is published while it is subscribed, in order per channel, or is told that it missed
 * something. While a server behind it is away, nothing throws and nothing waits: see `degraded`.
 */
import { AppError } from "#lib/errors.ts";

export type Cache = {
  get(key: string): Promise<Uint8Array | null>;
  set(key: string, value: Uint8Array | string, options: { ttl_seconds: number }): Promise<void>;
  delete(key: string): Promise<void>;
  /** GCRA: `count` per `seconds`, smooth. `allowed: false` says when to try again. */
  limit(key: string, rate: Rate): Promise<Verdict>;
  /** `false`: as far as is known nobody heard it. */
  publish(channel: string, message: string): Promise<boolean>;
  /**
   * `listener` must not throw. `null`: something may have been missed, what matters is to be asked for again; said every
   * few seconds while nothing can be heard, and once when all is well again.
   */
  subscribe(channel: string, listener: Listener): Promise<{ stop(): Promise<void> }>;
  /** True while nothing is remembered, and a rate is counted by this process alone. */
  degraded(): boolean;
  close(): Promise<void>;
};

export type Rate = { count: number; seconds: number };
export type Verdict = { allowed: boolean; retry_after_seconds: number };
export type Listener = (message: string | null) => void;

export const lifeTimeMs = (ttl_seconds: number): number => {
  if (!(ttl_seconds > 0)) throw new AppError("malformed", "A value needs a life time above 0 s");
  return Math.ceil(ttl_seconds * 1000);
};
