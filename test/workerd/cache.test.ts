/** Who carries the client of Redis: processes whose functions need the cache, and nobody else. */
import { expect, test } from "vitest";
import { catalogue } from "#functions/catalogue.ts";
import { bundle } from "#infra/bundle.ts";
import type { EntryKind } from "#lib/function/derive/entry.ts";
import { functionsOf } from "#lib/function/needs.ts";
import { connectCache } from "#lib/cache/connect-worker.ts";

const carries = async (name: string, kind: EntryKind): Promise<boolean> => {
  const listed = functionsOf(catalogue).filter(({ definition }) => definition.name === name);
  expect(listed).toHaveLength(1);
  return (await bundle(listed, kind)).packages.includes("ioredis");
};

test("the client of Redis is in a bundle that counts requests, not in one that does not, and in no worker's", async () => {
  expect(await carries("refresh-session", "process")).toBe(true);
  expect(await carries("read-timeline", "process")).toBe(false);
  expect(await carries("refresh-session", "worker")).toBe(false);
});

test("a worker's cache counts by itself, remembers nothing and says so", async () => {
  const cache = await connectCache();
  await cache.set("k", "v", { ttl_seconds: 60 });
  expect(await cache.get("k")).toBeNull();
  const rate = { count: 1, seconds: 60 };
  expect([await cache.limit("k", rate), await cache.limit("k", rate)].map(({ allowed }) => allowed)).toEqual([
    true,
    false,
  ]);
  expect(cache.degraded()).toBe(true);
});
