import { AppError } from "#lib/errors.ts";
import type { Cache } from "#lib/cache/cache.ts";
import { memoryCache, type MemoryCacheOptions } from "#lib/cache/memory.ts";

/** `url` is `CACHE_URL`; its scheme chooses the adapter. */
export const connectCache = async (url: string, options: MemoryCacheOptions = {}): Promise<Cache> => {
  const scheme = url.slice(0, url.indexOf(":") + 1);
  if (scheme === "memory:") return memoryCache(options);
  throw new AppError("internal", `CACHE_URL has an unknown scheme; there is: memory:`);
};
