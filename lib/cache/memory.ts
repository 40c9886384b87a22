/** The cache of one machine: this process's memory, bounded. */
import { openListeners } from "./listeners.ts";
import { lifeTimeMs, type Cache, type Rate, type Verdict } from "./cache.ts";

export type MemoryCacheOptions = {
  clock?: () => Date;
  /** Above it the least recently written go first. Default 64 MiB. */
  max_bytes?: number;
  /** How many keys `limit` remembers. Default 100 000. */
  max_limits?: number;
};

type Entry = { value: Uint8Array; until: number };

const ENTRY_OVERHEAD_BYTES = 128;

export const memoryCache = (options: MemoryCacheOptions = {}): Cache => {
  const now = (): number => (options.clock ? options.clock().getTime() : Date.now());
  const values = boundedValues(now, options.max_bytes ?? 64 * 1024 * 1024);
  const limits = boundedLimits(now, options.max_limits ?? 100_000);
  const channels = openListeners();

  return {
    get: async (key) => values.get(key),
    set: async (key, value, { ttl_seconds }) => {
      const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value.slice();
      values.set(key, bytes, lifeTimeMs(ttl_seconds));
    },
    delete: async (key) => values.delete(key),
    limit: async (key, rate) => limits.take(key, rate),
    publish: async (channel, message) => channels.say(channel, message),
    subscribe: async (channel, listener) => {
      const { remove } = channels.add(channel, listener);
      return { stop: async () => void remove() };
    },
    degraded: () => false,
    close: async () => {
      values.clear();
      limits.clear();
      channels.clear();
    },
  };
};

const boundedValues = (now: () => number, maxBytes: number) => {
  const entries = new Map<string, Entry>();
  let bytes = 0;
  const sizeOf = (key: string, entry: Entry): number => key.length * 2 + entry.value.byteLength + ENTRY_OVERHEAD_BYTES;
  const remove = (key: string): void => {
    const entry = entries.get(key);
    if (!entry) return;
    bytes -= sizeOf(key, entry);
    entries.delete(key);
  };
  const dropExpired = (): void => {
    const at = now();
    for (const [key, entry] of entries) if (entry.until <= at) remove(key);
  };
  return {
    get: (key: string): Uint8Array | null => {
      const entry = entries.get(key);
      if (!entry) return null;
      if (entry.until > now()) return entry.value.slice();
      remove(key);
      return null;
    },
    set: (key: string, value: Uint8Array, ttlMs: number): void => {
      remove(key);
      const entry = { value, until: now() + ttlMs };
      entries.set(key, entry);
      bytes += sizeOf(key, entry);
      if (bytes <= maxBytes) return;
      dropExpired();
      for (const oldest of entries.keys()) {
        if (bytes <= maxBytes) break;
        remove(oldest);
      }
    },
    delete: remove,
    clear: () => {
      entries.clear();
      bytes = 0;
    },
  };
};

/** GCRA: one number per key, the theoretical arrival time (TAT) in ms. */
const boundedLimits = (now: () => number, maxKeys: number) => {
  const arrivals = new Map<string, number>();
  const makeRoom = (at: number): void => {
    // A key whose TAT has passed is as good as new: forgetting it changes no answer.
    for (const [key, tat] of arrivals) if (tat <= at) arrivals.delete(key);
    for (const key of arrivals.keys()) {
      if (arrivals.size < maxKeys * 0.9) break;
      arrivals.delete(key);
    }
  };
  return {
    take: (key: string, { count, seconds }: Rate): Verdict => {
      const at = now();
      const spacing = (seconds * 1000) / count;
      const next = Math.max(arrivals.get(key) ?? at, at) + spacing;
      // The millionth absorbs rounding of count × spacing.
      const early = next - at - seconds * 1000;
      if (early > 1e-6) return { allowed: false, retry_after_seconds: Math.max(1, Math.ceil(early / 1000)) };
      if (!arrivals.has(key) && arrivals.size >= maxKeys) makeRoom(at);
      arrivals.set(key, next);
      return { allowed: true, retry_after_seconds: 0 };
    },
    clear: () => arrivals.clear(),
  };
};
