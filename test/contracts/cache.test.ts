import { describe, expect, test } from "vitest";
import { connectCache } from "#lib/cache/connect.ts";
import { memoryCache } from "#lib/cache/memory.ts";
import { isMissing, present, serverFor, titled } from "#test/harness/servers/use.ts";
import { arrayCache } from "./adapters/array-cache.ts";
import { redisBench } from "./adapters/redis-cache.ts";
import { brokenCaches } from "./broken/caches.ts";
import { cacheChecks, type CacheBench } from "./cache.ts";
import { handClock, mustFail } from "./check.ts";

const adapters: Record<string, () => Promise<CacheBench>> = {
  memory: async () => {
    const clock = handClock();
    const cache = await connectCache("memory:", { clock: clock.now });
    return { cache, pass: async (ms) => clock.pass(ms), close: cache.close };
  },
  "array (test only)": async () => {
    const clock = handClock();
    const cache = arrayCache(() => clock.now().getTime());
    return { cache, pass: async (ms) => clock.pass(ms), close: cache.close };
  },
};

for (const [name, make] of Object.entries(adapters)) {
  describe(`cache: ${name}`, () => {
    for (const { title, run } of cacheChecks) test(title, () => run(make));
  });
}

const redis = await serverFor("redis");

describe.skipIf(isMissing(redis))(titled("cache: redis", "redis", redis), () => {
  for (const { title, run } of cacheChecks) test(title, () => run(() => redisBench(present(redis))));
});

describe("cache: the contract notices a cache that", () => {
  for (const broken of brokenCaches) test.concurrent(broken.name, () => mustFail(cacheChecks, broken));
});

test("a memory cache stays within its bound: the oldest values go first", async () => {
  const cache = memoryCache({ max_bytes: 10_000 });
  for (let n = 0; n < 100; n++) await cache.set(`k${n}`, new Uint8Array(1000), { ttl_seconds: 60 });
  expect(await cache.get("k0")).toBeNull();
  expect(await cache.get("k99")).not.toBeNull();
});

test("an unknown scheme is refused by naming those that exist", async () => {
  await expect(connectCache("carrier-pigeon://x")).rejects.toThrow("memory:");
});
