/** A cache as naive as can be: lists that are searched, a rate as a list of instants. Deliberately unlike the real one. */
import type { Cache, Listener } from "#lib/cache/cache.ts";

export const arrayCache = (now: () => number): Cache => {
  let values: { key: string; bytes: number[]; until: number }[] = [];
  let tokens: { key: string; left: number; at: number }[] = [];
  let listeners: { channel: string; hear: Listener }[] = [];
  return {
    get: async (key) => {
      const found = values.find((value) => value.key === key && now() < value.until);
      return found ? Uint8Array.from(found.bytes) : null;
    },
    set: async (key, value, { ttl_seconds }) => {
      const bytes = [...(typeof value === "string" ? Buffer.from(value) : value)];
      values = [{ key, bytes, until: now() + ttl_seconds * 1000 }, ...values.filter((other) => other.key !== key)];
    },
    delete: async (key) => void (values = values.filter((value) => value.key !== key)),
    // A token bucket filled evenly: the same promise as GCRA, counted the other way round.
    limit: async (key, { count, seconds }) => {
      const before = tokens.find((token) => token.key === key) ?? { key, left: count, at: now() };
      const left = Math.min(count, before.left + ((now() - before.at) / 1000) * (count / seconds));
      const allowed = left >= 1 - 1e-9;
      tokens = [{ key, left: allowed ? left - 1 : left, at: now() }, ...tokens.filter((token) => token.key !== key)];
      return { allowed, retry_after_seconds: allowed ? 0 : Math.ceil((1 - left) * (seconds / count)) };
    },
    publish: async (channel, message) => {
      const heard = listeners.filter((listener) => listener.channel === channel);
      for (const { hear } of heard) hear(message);
      return heard.length > 0;
    },
    subscribe: async (channel, hear) => {
      const own = { channel, hear };
      listeners = [...listeners, own];
      return { stop: async () => void (listeners = listeners.filter((listener) => listener !== own)) };
    },
    degraded: () => false,
    close: async () => {
      values = [];
      tokens = [];
      listeners = [];
    },
  };
};
