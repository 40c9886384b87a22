/**
 * The cache of several processes: Redis from 7. Nothing in it would be missed: while it is away or slow a rate is counted by
 * this process alone, nothing is remembered, and those who listen are told to ask for themselves.
 */
import type { Redis } from "ioredis";
import { lifeTimeMs, type Cache, type Rate, type Verdict } from "./cache.ts";
import { memoryCache } from "./memory.ts";
import { openHearing } from "./redis/hearing.ts";
import { openLine } from "./redis/line.ts";

export type RedisCacheOptions = {
  /** How long any command may take. Default 250 ms. */
  deadline_ms?: number;
  on_error?: (error: unknown) => void;
};

/**
 * GCRA by the clock of Redis, in µs since a day near enough for exact arithmetic; KEYS: 1; ARGV: µs between two, µs of all.
 * Answers 0, or after how many seconds to try again. The hundredth of a spacing absorbs rounding. A clock that was set back
 * must not leave a key closed for longer than its window.
 */
const GCRA = `
local time = redis.call('TIME')
local now = (time[1] - 1700000000) * 1000000 + time[2]
local spacing, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local tat = tonumber(redis.call('GET', KEYS[1]) or now)
tat = math.min(math.max(tat, now), now + window) + spacing
local early = tat - now - window
if early > spacing / 100 then return math.max(1, math.ceil(early / 1000000)) end
redis.call('SET', KEYS[1], string.format('%.17g', tat), 'PX', math.ceil((tat - now) / 1000))
return 0`;

type WithGcra = Redis & { gcra(key: string, spacing_us: number, window_us: number): Promise<number> };

export const redisCache = async (url: string, options: RedisCacheOptions = {}): Promise<Cache> => {
  const on_error = options.on_error ?? ((error) => process.emitWarning(`cache: ${String(error)}`));
  const deadline = options.deadline_ms === undefined ? {} : { deadline_ms: options.deadline_ms };
  const line = await openLine(url, { name: "gt-vision cache", on_error, ...deadline });
  const hearing = openHearing(url, { name: "gt-vision listens", on_error, ...deadline });
  const alone = memoryCache({ max_bytes: 0 });
  const { key, rate, channel } = namesIn(url);

  const limit = async (name: string, { count, seconds }: Rate): Promise<Verdict | null> => {
    const window = seconds * 1e6;
    const asked = await line.ask((redis) => withGcra(redis).gcra(rate(name), window / count, window));
    return asked && { allowed: asked.answer === 0, retry_after_seconds: asked.answer };
  };

  return {
    get: async (name) => (await line.ask((redis) => redis.getBuffer(key(name))))?.answer ?? null,
    set: async (name, value, { ttl_seconds }) => {
      const ms = lifeTimeMs(ttl_seconds);
      const bytes = typeof value === "string" ? value : Buffer.from(value);
      await line.ask((redis) => redis.set(key(name), bytes, "PX", ms));
    },
    delete: async (name) => void (await line.ask((redis) => redis.del(key(name)))),
    limit: async (name, allowance) => (await limit(name, allowance)) ?? alone.limit(name, allowance),
    publish: async (name, message) => {
      const heard = await line.ask((redis) => redis.publish(channel(name), message));
      return heard !== null && heard.answer > 0;
    },
    subscribe: (name, listener) => hearing.subscribe(channel(name), listener),
    degraded: () => line.isAway() || hearing.isDeaf(),
    close: async () => {
      await hearing.close();
      line.close();
    },
  };
};

/** Defined with the first use on each client; sent as its hash, and whole where the server has forgotten it. */
const withGcra = (redis: Redis): WithGcra => {
  if (!("gcra" in redis)) redis.defineCommand("gcra", { numberOfKeys: 1, lua: GCRA });
  return redis as WithGcra;
};

/** A server may be shared. Numbers of databases keep keys apart but not channels. */
const namesIn = (url: string) => {
  const database = /^\/(\d+)$/.exec(new URL(url).pathname)?.[1] ?? "0";
  return {
    key: (name: string): string => `gt:value:${name}`,
    rate: (name: string): string => `gt:rate:${name}`,
    channel: (name: string): string => `gt:channel:${database}:${name}`,
  };
};
