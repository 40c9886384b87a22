import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Bucket, ObjectStore, SignedUrl } from "#lib/object-store/object-store.ts";
import { check, refusal, type Bench, type Check } from "./check.ts";

export type ObjectBench = Bench & {
  store: ObjectStore;
  /** The same objects through an adapter that was started anew. */
  restart(): Promise<ObjectStore>;
  /** The same objects, signed for by an adapter whose clock stood so long ago: what it signs ends so much earlier. */
  earlier(ms: number): Promise<ObjectStore>;
  /** Asks whoever serves the signed URLs, with nothing but the URL and these headers. */
  ask(url: string, init?: RequestInit): Promise<Response>;
};

const bucket: Bucket = "recordings";
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | null): string | null => (bytes ? new TextDecoder().decode(bytes) : null);
const sha = (text: string): string => createHash("sha256").update(text).digest("hex");
const video = { content_type: "video/mp4" };
const on = (title: string, body: (bench: ObjectBench) => Promise<void>): Check<ObjectBench> => check(title, body);

async function* pieces(...texts: (string | Promise<unknown>)[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) {
    if (typeof text === "string") yield bytesOf(text);
    else await text;
  }
}
const upload = (text: string, seconds = 60) => ({
  expires_in_seconds: seconds,
  bytes: bytesOf(text).byteLength,
  sha256: sha(text),
  content_type: "video/mp4",
});
const isRefused = ({ status }: Response): boolean => status === 400 || status === 403;
const send = ({ ask }: ObjectBench, { url, headers }: SignedUrl, text: string): Promise<Response> =>
  ask(url, { method: "PUT", headers, body: bytesOf(text) });

const storing: readonly Check<ObjectBench>[] = [
  on("an object comes back as it was stored, with its facts", async ({ store }) => {
    const stored = await store.put(bucket, "c/2026/a.mp4", bytesOf("moof"), { ...video, sha256: sha("moof") });
    assert.equal(textOf(await store.get(bucket, "c/2026/a.mp4")), "moof");
    const head = await store.head(bucket, "c/2026/a.mp4");
    assert.deepEqual(head, stored);
    assert.deepEqual(
      { bytes: head?.bytes, sha256: head?.sha256, content_type: head?.content_type },
      { bytes: 4, sha256: sha("moof"), content_type: "video/mp4" },
    );
  }),
  on("an object that comes in pieces is one object", async ({ store }) => {
    const stored = await store.put(bucket, "a", pieces("mo", "", "of"), video);
    assert.deepEqual([stored.bytes, stored.sha256], [4, sha("moof")]);
  }),
  on("an empty object is an object", async ({ store }) => {
    await store.put(bucket, "empty", new Uint8Array(), video);
    assert.equal(textOf(await store.get(bucket, "empty")), "");
    assert.equal(await new Response(await store.stream(bucket, "empty")).text(), "");
  }),
  on("what is not there is null, and deleting it succeeds", async ({ store }) => {
    assert.deepEqual(
      [await store.get(bucket, "no"), await store.head(bucket, "no"), await store.stream(bucket, "no/n")],
      [null, null, null],
    );
    await store.delete(bucket, "no");
    await store.delete(bucket, "no/such/folder");
  }),
  on("a deleted object is gone and its key is free again", async ({ store }) => {
    await store.put(bucket, "a/b", bytesOf("one"), video);
    await store.delete(bucket, "a/b");
    assert.deepEqual([await store.get(bucket, "a/b"), await store.list(bucket, "")], [null, []]);
    await store.put(bucket, "a/b", bytesOf("two"), video);
    assert.equal(textOf(await store.get(bucket, "a/b")), "two");
  }),
  on("the same bytes again are a success, others are a conflict and change nothing", async ({ store }) => {
    const first = await store.put(bucket, "a", bytesOf("one"), video);
    assert.deepEqual(await store.put(bucket, "a", bytesOf("one"), video), first);
    assert.equal(await refusal(store.put(bucket, "a", bytesOf("two"), video)), "conflict");
    assert.equal(textOf(await store.get(bucket, "a")), "one");
  }),
  on("of rivals for one key exactly one wins and keeps it", async ({ store }) => {
    const names = Array.from({ length: 8 }, (_, n) => `rival ${n}`);
    const ends = await Promise.all(names.map((name) => refusal(store.put(bucket, "a", bytesOf(name), video))));
    assert.equal(ends.filter((end) => end === "no refusal").length, 1);
    const kept = textOf(await store.get(bucket, "a")) ?? "";
    assert.equal(kept, names[ends.indexOf("no refusal")]);
    assert.equal((await store.head(bucket, "a"))?.sha256, sha(kept));
  }),
  on("nobody sees half an object", async ({ store }) => {
    const gate = Promise.withResolvers<void>();
    const putting = store.put(bucket, "a/b", pieces("first half ", gate.promise, "second half"), video);
    await new Promise((resolve) => setImmediate(resolve));
    const seen = [await store.get(bucket, "a/b"), await store.head(bucket, "a/b"), await store.list(bucket, "")];
    gate.resolve();
    await putting;
    assert.deepEqual(seen, [null, null, []]);
    assert.equal(textOf(await store.get(bucket, "a/b")), "first half second half");
  }),
  on("an upload that breaks off leaves nothing and may be repeated", async ({ store }) => {
    const broken = Promise.reject(new Error("cut"));
    broken.catch(() => undefined);
    await refusal(store.put(bucket, "a", pieces("half", broken), video));
    assert.deepEqual([await store.get(bucket, "a"), await store.list(bucket, "")], [null, []]);
    await store.put(bucket, "a", bytesOf("whole"), video);
    assert.equal(textOf(await store.get(bucket, "a")), "whole");
  }),
  on("bytes without the promised checksum are refused and not kept", async ({ store }) => {
    assert.equal(await refusal(store.put(bucket, "a", bytesOf("x"), { ...video, sha256: sha("y") })), "invalid");
    assert.equal(await store.head(bucket, "a"), null);
  }),
  on("everything acknowledged is there after a restart", async ({ store, restart }) => {
    await store.put(bucket, "c/a", bytesOf("one"), video);
    await store.put("clips", "c/a", bytesOf("other"), { content_type: "image/jpeg" });
    const again = await restart();
    assert.equal(textOf(await again.get(bucket, "c/a")), "one");
    assert.equal((await again.head("clips", "c/a"))?.content_type, "image/jpeg");
    assert.equal(await refusal(again.put(bucket, "c/a", bytesOf("two"), video)), "conflict");
  }),
  on("a key outside the alphabet is refused", async ({ store }) => {
    const keys = [
      "",
      "/etc/passwd",
      "../a",
      "a/../b",
      "a//b",
      "a/./b",
      "a/",
      "A",
      "a b",
      "a\0b",
      "a%2fb",
      ".a",
      "a\\b",
    ];
    for (const key of keys) {
      assert.equal(await refusal(store.put(bucket, key, bytesOf("x"), video)), "malformed", `put ${key}`);
      assert.equal(await refusal(store.get(bucket, key)), "malformed", `get ${key}`);
      assert.equal(await refusal(store.delete(bucket, key)), "malformed", `delete ${key}`);
    }
    assert.equal(await refusal(store.get("secrets" as Bucket, "a")), "malformed");
  }),
  on("a range is exactly that part, cut at the end", async ({ store }) => {
    await store.put(bucket, "a", bytesOf("0123456789"), video);
    const part = async (offset: number, length: number) => textOf(await store.get(bucket, "a", { offset, length }));
    assert.deepEqual([await part(0, 3), await part(4, 2), await part(8, 100)], ["012", "45", "89"]);
    assert.equal(await new Response(await store.stream(bucket, "a", { offset: 2, length: 5 })).text(), "23456");
    assert.equal(await refusal(store.get(bucket, "a", { offset: 11, length: 1 })), "invalid");
    assert.equal(await refusal(store.get(bucket, "a", { offset: -1, length: 1 })), "invalid");
  }),
  on("a list is ascending, knows prefixes and goes on behind the last key", async ({ store }) => {
    const keys = ["a-b/1", "a.b", "a/1", "a/2/x", "a/2/y", "a/3", "a0", "b/1"];
    for (const key of keys.toReversed()) await store.put(bucket, key, bytesOf(key), video);
    const list = async (prefix: string, after?: string) =>
      (await store.list(bucket, prefix, after)).map(({ key }) => key);
    assert.deepEqual(await list(""), keys);
    assert.deepEqual(await list("a/"), ["a/1", "a/2/x", "a/2/y", "a/3"]);
    assert.deepEqual(await list("a/2"), ["a/2/x", "a/2/y"]);
    assert.deepEqual(await list("a", "a/2/x"), ["a/2/y", "a/3", "a0"]);
    assert.deepEqual(await list("", "a/2"), ["a/2/x", "a/2/y", "a/3", "a0", "b/1"]);
    assert.deepEqual(await list("nothing"), []);
    assert.deepEqual((await store.list(bucket, "a/2/x"))[0], { key: "a/2/x", bytes: 5 });
    assert.deepEqual(await store.list("clips", ""), []);
  }),
];

const signing: readonly Check<ObjectBench>[] = [
  on("a signed URL reads its object, whole or in part, as nothing but bytes", async ({ store, ask }) => {
    await store.put(bucket, "c/a.mp4", bytesOf("0123456789"), video);
    const { url } = await store.signedGet(bucket, "c/a.mp4", { expires_in_seconds: 60, filename: "câmera 1.mp4" });
    const whole = await ask(url);
    assert.deepEqual([whole.status, await whole.text()], [200, "0123456789"]);
    assert.equal(whole.headers.get("content-type"), "video/mp4");
    assert.match(
      whole.headers.get("content-disposition") ?? "",
      /^attachment;.*filename\*=UTF-8''c%C3%A2mera%201\.mp4/,
    );
    const part = await ask(url, { headers: { range: "bytes=2-4" } });
    assert.deepEqual([part.status, await part.text()], [206, "234"]);
    assert.equal(part.headers.get("content-range"), "bytes 2-4/10");
  }),
  on("a signed URL stops working when its time is over", async ({ store, ask, earlier }) => {
    await store.put(bucket, "a", bytesOf("x"), video);
    const before = await earlier(62_000);
    const { url, expires_at } = await before.signedGet(bucket, "a", { expires_in_seconds: 60 });
    const put = await before.signedPut(bucket, "b", upload("b"));
    assert.ok(expires_at.getTime() > 0);
    assert.equal((await ask(url)).status, 403);
    assert.equal((await ask(put.url, { method: "PUT", headers: put.headers, body: bytesOf("b") })).status, 403);
    assert.equal(await store.head(bucket, "b"), null);
  }),
  on("a signed URL with anything changed in it is refused", async (bench) => {
    const { store, ask } = bench;
    await store.put(bucket, "a", bytesOf("x"), video);
    await store.put(bucket, "b", bytesOf("y"), video);
    const { url } = await store.signedGet(bucket, "a", { expires_in_seconds: 60, filename: "a.mp4" });
    const put = await store.signedPut(bucket, "new", upload("moof"));
    const base = "http://store";
    for (const [method, signed] of [
      ["GET", url],
      ["PUT", put.url],
    ] as const)
      for (const name of new URL(signed, base).searchParams.keys()) {
        const changed = new URL(signed, base);
        changed.searchParams.set(name, `${changed.searchParams.get(name)}0`);
        const where = signed.startsWith("/") ? changed.pathname + changed.search : changed.href;
        const body = method === "PUT" ? { headers: put.headers, body: bytesOf("moof") } : {};
        // 400 where what comes out cannot even be read as a time or an algorithm.
        assert.ok(isRefused(await ask(where, { method, ...body })), `${method} with another ${name}`);
      }
    assert.ok(isRefused(await ask(url.replace("/a?", "/b?"))));
    assert.ok(isRefused(await ask(url, { method: "PUT", body: bytesOf("x") })));
    assert.equal(await store.head(bucket, "new"), null);
  }),
  on("a signed upload stores exactly the bytes that were signed, and twice is no fault", async (bench) => {
    const signed = await bench.store.signedPut(bucket, "c/new.mp4", upload("moof"));
    assert.equal((await send(bench, signed, "moof")).status, 200);
    // An S3 says 412 to what is there, whatever it may be: who sent it looks at it then.
    const { status } = await send(bench, signed, "moof");
    assert.ok(status === 200 || status === 412, `${status} for the same again`);
    assert.equal(textOf(await bench.store.get(bucket, "c/new.mp4")), "moof");
    const head = await bench.store.head(bucket, "c/new.mp4");
    assert.deepEqual([head?.bytes, head?.sha256, head?.content_type], [4, sha("moof"), "video/mp4"]);
  }),
  on("a signed upload never replaces what is there", async (bench) => {
    const late = await bench.store.signedPut(bucket, "a", upload("late"));
    await bench.store.put(bucket, "a", bytesOf("first"), video);
    const { status } = await send(bench, late, "late");
    assert.ok(status === 409 || status === 412, `${status} for other bytes`);
    assert.equal(textOf(await bench.store.get(bucket, "a")), "first");
  }),
  on("a signed upload of other bytes is refused and not kept", async (bench) => {
    const signed = await bench.store.signedPut(bucket, "a", upload("moof"));
    for (const other of ["mdat", "moofmoof", "moo", ""]) {
      const { status } = await send(bench, signed, other);
      assert.ok(status >= 400 && status < 500, `${status} for ${other.length} bytes`);
    }
    const otherType = await bench.ask(signed.url, {
      method: "PUT",
      headers: { ...signed.headers, "content-type": "text/html" },
      body: bytesOf("moof"),
    });
    assert.equal(otherType.status, 403);
    assert.equal(await bench.store.head(bucket, "a"), null);
  }),
  on("nobody gets a URL that lives longer than 10 min", async ({ store }) => {
    assert.equal(await refusal(store.signedGet(bucket, "a", { expires_in_seconds: 601 })), "invalid");
    assert.equal(await refusal(store.signedPut(bucket, "a", upload("x", 601))), "invalid");
  }),
];

export const objectChecks: readonly Check<ObjectBench>[] = [...storing, ...signing];
