import { memoryCache } from "#lib/cache/memory.ts";
import type { Cache } from "#lib/cache/cache.ts";
import type { CacheBench } from "../cache.ts";
import { handClock, type Broken } from "../check.ts";

const broken = (name: string, fails: string, spoil: (cache: Cache, now: () => Date) => Cache): Broken<CacheBench> => ({
  name,
  fails,
  make: async () => {
    const clock = handClock();
    const cache = spoil(memoryCache({ clock: clock.now }), clock.now);
    return { cache, pass: async (ms) => clock.pass(ms), close: cache.close };
  },
});

export const brokenCaches: readonly Broken<CacheBench>[] = [
  broken("never forgets", "a value is there until its time and gone 1 s after it", (cache) => ({
    ...cache,
    set: (key, value) => cache.set(key, value, { ttl_seconds: 1e9 }),
  })),
  broken("counts in windows", "a used-up rate comes back one at a time, not all at once", (cache, now) => ({
    ...cache,
    limit: async (key, rate) =>
      cache.limit(`${key}@${Math.floor(now().getTime() / 3000)}`, { ...rate, seconds: rate.seconds * 1000 }),
  })),
  broken(
    "reads the count before it writes it",
    "a rate allows exactly its count at once, whoever asks at the same time",
    (cache) => {
      let used = 0;
      return {
        ...cache,
        limit: async (_key, { count, seconds }) => {
          const before = used;
          await Promise.resolve();
          used = before + 1;
          return { allowed: before < count, retry_after_seconds: before < count ? 0 : seconds };
        },
      };
    },
  ),
  broken(
    "keeps the caller's buffer",
    "bytes come back as they were, whatever happens to the buffer they came in",
    (cache) => {
      const kept = new Map<string, Uint8Array>();
      return {
        ...cache,
        set: async (key, value) => void kept.set(key, typeof value === "string" ? Buffer.from(value) : value),
        get: async (key) => kept.get(key) ?? null,
      };
    },
  ),
  broken(
    "hands out the newest message first",
    "a subscriber gets its channel's messages in order and nobody else's",
    (cache) => {
      const waiting: { channel: string; message: string }[] = [];
      return {
        ...cache,
        publish: async (channel, message) => {
          waiting.push({ channel, message });
          if (waiting.length < 4) return true;
          for (const late of waiting.splice(0).toReversed()) await cache.publish(late.channel, late.message);
          return true;
        },
      };
    },
  ),
  broken("believes that somebody always listens", "who speaks learns whether anybody listens", (cache) => ({
    ...cache,
    publish: async (channel, message) => (await cache.publish(channel, message)) || true,
  })),
];
