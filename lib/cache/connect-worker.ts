/** The cache of functions where no socket can be held: each counts by itself, nothing is remembered, nobody is told. */
import type { Cache } from "#lib/cache/cache.ts";
import { memoryCache } from "#lib/cache/memory.ts";

export const connectCache = async (): Promise<Cache> => ({ ...memoryCache({ max_bytes: 0 }), degraded: () => true });
