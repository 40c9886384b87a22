/**
 * What may be lost at any moment without anybody being wrong: states with a life time, last frames, counters, hints.
 *
 * Promises (`test/contracts/cache.test.ts`): a value is gone at the latest 1 s after its time; `limit` is exact within one
 * cache; a subscriber gets what is published while it is subscribed, in order per channel, or nothing at all.
 */
export type Cache = {
  get(key: string): Promise<Uint8Array | null>;
  set(key: string, value: Uint8Array | string, options: { ttl_seconds: number }): Promise<void>;
  delete(key: string): Promise<void>;
  /** GCRA: `count` per `seconds`, smooth. `allowed: false` says when to try again. */
  limit(
    key: string,
    rate: { count: number; seconds: number },
  ): Promise<{ allowed: boolean; retry_after_seconds: number }>;
  publish(channel: string, message: string): Promise<void>;
  /** `listener` must not throw. */
  subscribe(channel: string, listener: (message: string) => void): Promise<{ stop(): Promise<void> }>;
  close(): Promise<void>;
};
