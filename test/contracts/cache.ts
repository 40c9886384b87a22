import assert from "node:assert/strict";
import type { Cache } from "#lib/cache/cache.ts";
import { check, type Bench, type Check } from "./check.ts";

export type CacheBench = Bench & { cache: Cache; /** Lets that much time go by. */ pass(ms: number): Promise<void> };

const text = (bytes: Uint8Array | null): string | null => (bytes ? new TextDecoder().decode(bytes) : null);
const on = (title: string, body: (bench: CacheBench) => Promise<void>): Check<CacheBench> => check(title, body);

export const cacheChecks: readonly Check<CacheBench>[] = [
  on("a value is there until its time and gone 1 s after it", async ({ cache, pass }) => {
    await cache.set("camera/1", "recording", { ttl_seconds: 10 });
    await pass(9000);
    assert.equal(text(await cache.get("camera/1")), "recording");
    await pass(2000);
    assert.equal(await cache.get("camera/1"), null);
  }),
  on("setting again starts the time anew and replaces the value", async ({ cache, pass }) => {
    await cache.set("k", "one", { ttl_seconds: 2 });
    await pass(1500);
    await cache.set("k", "two", { ttl_seconds: 10 });
    await pass(5000);
    assert.equal(text(await cache.get("k")), "two");
  }),
  on("bytes come back as they were, whatever happens to the buffer they came in", async ({ cache }) => {
    const bytes = Uint8Array.from([0, 255, 128, 10]);
    await cache.set("picture", bytes, { ttl_seconds: 10 });
    bytes.fill(7);
    assert.deepEqual([...((await cache.get("picture")) ?? [])], [0, 255, 128, 10]);
  }),
  on("a deleted value is gone, and deleting what is not there succeeds", async ({ cache }) => {
    await cache.set("k", "v", { ttl_seconds: 10 });
    await cache.delete("k");
    await cache.delete("k");
    assert.equal(await cache.get("k"), null);
  }),
  on("a rate allows exactly its count at once, whoever asks at the same time", async ({ cache }) => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => cache.limit("login/10.0.0.1", { count: 7, seconds: 60 })),
    );
    assert.equal(answers.filter(({ allowed }) => allowed).length, 7);
    assert.ok(answers.every((answer) => answer.allowed || answer.retry_after_seconds > 0));
  }),
  on("a used-up rate comes back one at a time, not all at once", async ({ cache, pass }) => {
    const rate = { count: 3, seconds: 9 };
    const take = async (): Promise<boolean> => (await cache.limit("k", rate)).allowed;
    assert.deepEqual([await take(), await take(), await take(), await take()], [true, true, true, false]);
    await pass(3100);
    assert.deepEqual([await take(), await take()], [true, false]);
    await pass(9100);
    assert.deepEqual([await take(), await take(), await take(), await take()], [true, true, true, false]);
  }),
  on("one who waits as long as told is allowed", async ({ cache, pass }) => {
    await cache.limit("k", { count: 1, seconds: 5 });
    const { allowed, retry_after_seconds } = await cache.limit("k", { count: 1, seconds: 5 });
    assert.equal(allowed, false);
    await pass(retry_after_seconds * 1000);
    assert.equal((await cache.limit("k", { count: 1, seconds: 5 })).allowed, true);
  }),
  on("rates of different keys do not touch each other", async ({ cache }) => {
    await cache.limit("a", { count: 1, seconds: 60 });
    assert.equal((await cache.limit("b", { count: 1, seconds: 60 })).allowed, true);
  }),
  on("a rate and a value of the same name do not touch each other", async ({ cache }) => {
    await cache.set("same", "value", { ttl_seconds: 60 });
    assert.equal((await cache.limit("same", { count: 1, seconds: 60 })).allowed, true);
    assert.equal(text(await cache.get("same")), "value");
  }),
  on("who speaks learns whether anybody listens", async ({ cache }) => {
    const one = await cache.subscribe("heard", () => undefined);
    const two = await cache.subscribe("heard", () => undefined);
    assert.deepEqual([await cache.publish("heard", "m"), await cache.publish("unheard", "m")], [true, false]);
    await one.stop();
    assert.equal(await cache.publish("heard", "m"), true);
    await two.stop();
    assert.equal(await cache.publish("heard", "m"), false);
  }),
  on("a cache whose server answers is not degraded", async ({ cache }) => {
    await cache.subscribe("c", () => undefined);
    assert.equal(cache.degraded(), false);
  }),
  on("a subscriber gets its channel's messages in order and nobody else's", async ({ cache, pass }) => {
    const got: (string | null)[] = [];
    const one = await cache.subscribe("city/1", (message) => void got.push(message));
    for (let n = 0; n < 20; n++) {
      await cache.publish("city/1", `m${n}`);
      await cache.publish("city/2", "other");
    }
    await pass(0);
    assert.deepEqual(
      got,
      Array.from({ length: 20 }, (_, n) => `m${n}`),
    );
    await one.stop();
  }),
  on("a stopped subscriber gets nothing more, the others still do", async ({ cache, pass }) => {
    const gone: (string | null)[] = [];
    const stays: (string | null)[] = [];
    const first = await cache.subscribe("c", (message) => void gone.push(message));
    await cache.subscribe("c", (message) => void stays.push(message));
    await first.stop();
    await cache.publish("c", "hello");
    await pass(0);
    assert.deepEqual([gone, stays], [[], ["hello"]]);
  }),
];
