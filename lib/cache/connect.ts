import { AppError } from "#lib/errors.ts";
import type { Cache } from "#lib/cache/cache.ts";
import { memoryCache, type MemoryCacheOptions } from "#lib/cache/memory.ts";
import { redisCache, type RedisCacheOptions } from "#lib/cache/redis.ts";

/** `url` is `CACHE_URL`; its scheme chooses the adapter. */
export const connectCache = async (
  url: string,
  options: MemoryCacheOptions & RedisCacheOptions = {},
): Promise<Cache> => {
  const scheme = url.slice(0, url.indexOf(":") + 1);
  if (scheme === "memory:") return memoryCache(options);
  if (scheme === "redis:" || scheme === "rediss:") return redisCache(url, options);
  throw new AppError("internal", `CACHE_URL has an unknown scheme; there are: memory:, redis:, rediss:`);
};
