/** Redis under the cache's checks: a database number of its own, in which time goes by when it is told to. */
import { Redis } from "ioredis";
import { connectCache } from "#lib/cache/connect.ts";
import { REDIS_DATABASES } from "#test/harness/servers/redis.ts";
import type { CacheBench } from "../cache.ts";

export const ownDatabase = ({ url, turn }: { url: string; turn: number }): string => `${url}/${turn % REDIS_DATABASES}`;

export const redisBench = async (server: { url: string; turn: number }): Promise<CacheBench> => {
  const url = ownDatabase(server);
  const beside = new Redis(url);
  await beside.flushdb();
  // A busy machine is no outage here.
  const cache = await connectCache(url, { deadline_ms: 5000 });
  return {
    cache,
    pass: async (ms) => {
      await age(beside, ms);
      await allHeard(cache);
    },
    close: async () => {
      await cache.close();
      beside.disconnect();
    },
  };
};

/** Every life time has so much less before it; a rate is a time too. */
const age = async (redis: Redis, ms: number): Promise<void> => {
  for (const key of await redis.keys("*")) {
    const left = (await redis.pttl(key)) - ms;
    if (left <= 0) await redis.del(key);
    else if (key.includes(":rate:")) await redis.set(key, Number(await redis.get(key)) - ms * 1000, "PX", left);
    else await redis.pexpire(key, left);
  }
};

/** What was published before has arrived where what was published after it has. */
const allHeard = async (cache: CacheBench["cache"]): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const mark = await cache.subscribe("mark", () => resolve());
  await cache.publish("mark", "");
  await promise;
  await mark.stop();
};
