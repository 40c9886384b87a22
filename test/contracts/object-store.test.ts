import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Hono } from "hono";
import { describe, expect, onTestFinished, test } from "vitest";
import { AppError } from "#lib/errors.ts";
import { statusOf } from "#lib/function/problem.ts";
import { connectObjects } from "#lib/object-store/connect.ts";
import { objectRoutes } from "#lib/object-store/routes.ts";
import { isMissing, present, serverFor, titled } from "#test/harness/servers/use.ts";
import { s3Benches } from "./adapters/s3-objects.ts";
import { fakeKeys } from "./adapters/fake-keys.ts";
import { mapObjects, type Kept } from "./adapters/map-objects.ts";
import { brokenObjectStores } from "./broken/object-stores.ts";
import { objectChecks, type ObjectBench } from "./object-store.ts";
import { handClock, mustFail } from "./check.ts";

const fileBench = async (options: { reserve_bytes?: number } = {}): Promise<ObjectBench & { folder: string }> => {
  const folder = await mkdtemp(join(tmpdir(), "objects-"));
  const { now } = handClock();
  const open = (clock = now) => connectObjects(`file:${folder}`, { keys: fakeKeys, clock, ...options });
  const store = await open();
  const app = new Hono().route("/", objectRoutes(store, fakeKeys, now));
  app.onError((error) => {
    if (!(error instanceof AppError)) throw error;
    const headers = { "retry-after": String(error.retryAfterSeconds ?? "") };
    return new Response(error.reason, { status: statusOf[error.code], headers });
  });
  return {
    folder,
    store,
    restart: () => open(),
    earlier: (ms) => open(() => new Date(now().getTime() - ms)),
    ask: async (url, init) => app.request(url, init),
    close: async () => {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
};
const ownBench = async (options: { reserve_bytes?: number } = {}) => {
  const bench = await fileBench(options);
  onTestFinished(bench.close);
  return bench;
};

const adapters: Record<string, () => Promise<ObjectBench>> = {
  file: fileBench,
  "map (test only)": async () => {
    const clock = handClock();
    const kept: Kept = new Map();
    const { store, ask, earlier } = mapObjects(kept, () => clock.now().getTime());
    const restart = async () => mapObjects(kept, Date.now).store;
    return { store, ask, restart, earlier, close: store.close };
  },
};

for (const [name, make] of Object.entries(adapters)) {
  describe(`object store: ${name}`, () => {
    for (const { title, run } of objectChecks) test(title, () => run(make));
  });
}

for (const name of ["minio", "versitygw"] as const) {
  const told = await serverFor(name);
  describe.skipIf(isMissing(told))(titled(`object store: ${name}`, name, told), () => {
    const make = s3Benches(() => present(told));
    for (const { title, run } of objectChecks) test(title, () => run(make));
  });
}

describe("object store: the contract notices a store that", () => {
  for (const broken of brokenObjectStores) test(broken.name, () => mustFail(objectChecks, broken));
});

describe("object store: folder", () => {
  const bytes = new TextEncoder().encode("moof");
  const video = { content_type: "video/mp4" };

  test("an object lies as a plain file under its key, and nothing is left over", async () => {
    const { store, folder } = await ownBench();
    await store.put("recordings", "c/a.mp4", bytes, video);
    expect(await readFile(join(folder, "recordings/c/a.mp4"), "utf8")).toBe("moof");
    expect((await readdir(join(folder, "recordings/c"))).sort()).toEqual(["a.mp4", "a.mp4@meta"]);
    expect(await readdir(join(folder, ".staging"))).toEqual([]);
    await store.delete("recordings", "c/a.mp4");
    expect(await readdir(join(folder, "recordings"))).toEqual([]);
  });

  test("bytes that a crash left without their record are not visible and are replaced", async () => {
    const { store, folder } = await ownBench();
    await mkdir(join(folder, "recordings/c"));
    await writeFile(join(folder, "recordings/c/a"), "left over");
    expect(await store.head("recordings", "c/a")).toBeNull();
    expect(await store.list("recordings", "")).toEqual([]);
    await store.put("recordings", "c/a", bytes, video);
    expect(Buffer.from((await store.get("recordings", "c/a"))!).toString()).toBe("moof");
  });

  test("a record that a crash left without its bytes is not visible and is replaced", async () => {
    const { store, folder } = await ownBench();
    await store.put("recordings", "c/a", new TextEncoder().encode("old"), video);
    await rm(join(folder, "recordings/c/a"));
    expect(await store.head("recordings", "c/a")).toBeNull();
    await store.put("recordings", "c/a", bytes, video);
    expect((await store.head("recordings", "c/a"))?.bytes).toBe(4);
  });

  test("a file that was shortened behind our back is reported, not served", async () => {
    const { store, folder } = await ownBench();
    await store.put("recordings", "a", bytes, video);
    await truncate(join(folder, "recordings/a"), 2);
    await expect(store.get("recordings", "a")).rejects.toMatchObject({ reason: "object.damaged" });
  });

  test("a symbolic link is neither followed nor written through, as an object or on the way to one", async () => {
    const { store, folder } = await ownBench();
    const outside = await mkdtemp(join(tmpdir(), "outside-"));
    onTestFinished(() => rm(outside, { recursive: true }));
    const meta = { bytes: 6, sha256: "0".repeat(64), content_type: "text/plain", stored_at: new Date().toISOString() };
    await writeFile(join(outside, "secret"), "secret");
    await writeFile(join(outside, "secret@meta"), JSON.stringify(meta));
    await symlink(join(outside, "secret"), join(folder, "recordings/link"));
    await writeFile(join(folder, "recordings/link@meta"), JSON.stringify(meta));
    await symlink(outside, join(folder, "recordings/folder"));
    expect(await store.get("recordings", "link")).toBeNull();
    expect(await store.get("recordings", "folder/secret")).toBeNull();
    expect(await store.list("recordings", "")).toEqual([]);
    await store.delete("recordings", "folder/secret");
    await expect(store.put("recordings", "folder/new", bytes, video)).rejects.toMatchObject({ code: "conflict" });
    await expect(store.put("recordings", "link", bytes, video)).rejects.toMatchObject({ code: "conflict" });
    expect((await readdir(outside)).sort()).toEqual(["secret", "secret@meta"]);
    expect(await readFile(join(outside, "secret"), "utf8")).toBe("secret");
  });

  test("a key that is the folder of another is a conflict", async () => {
    const { store } = await ownBench();
    await store.put("recordings", "a/b", bytes, video);
    await expect(store.put("recordings", "a", bytes, video)).rejects.toMatchObject({ code: "conflict" });
    await expect(store.put("recordings", "a/b/c", bytes, video)).rejects.toMatchObject({ code: "conflict" });
  });

  test("below the reserve nothing is stored, reads go on, and the answer says when to come again", async () => {
    const { store, ask, folder } = await ownBench({ reserve_bytes: Number.MAX_SAFE_INTEGER });
    await expect(store.put("recordings", "a", bytes, video)).rejects.toMatchObject({ reason: "object.disk_full" });
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const how = { expires_in_seconds: 60, bytes: 4, sha256, ...video };
    const { url, headers } = await store.signedPut("recordings", "a", how);
    const answer = await ask(url, { method: "PUT", headers, body: bytes });
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "10"]);
    expect(await store.get("recordings", "a")).toBeNull();
    expect(await readdir(join(folder, ".staging"))).toEqual([]);
  });

  test("served bytes are never a document, never kept by caches, and HEAD opens nothing", async () => {
    const { store, ask } = await ownBench();
    await store.put("lpr-images", "a", bytes, { content_type: "image/jpeg" });
    const { url } = await store.signedGet("lpr-images", "a", { expires_in_seconds: 60 });
    for (const method of ["GET", "HEAD"]) {
      const answer = await ask(url, { method });
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        "cache-control": "private, no-store",
        "content-disposition": "inline",
        "content-length": "4",
        "x-content-type-options": "nosniff",
      });
      expect(await answer.text()).toBe(method === "GET" ? "moof" : "");
    }
  });

  test("ranges from the end, open ranges and ranges outside are answered as RFC 9110 says", async () => {
    const { store, ask } = await ownBench();
    await store.put("recordings", "a", new TextEncoder().encode("0123456789"), video);
    const { url } = await store.signedGet("recordings", "a", { expires_in_seconds: 60 });
    const range = async (value: string) => {
      const answer = await ask(url, { headers: { range: value } });
      return [answer.status, await answer.text()];
    };
    expect(await range("bytes=-3")).toEqual([206, "789"]);
    expect(await range("bytes=7-")).toEqual([206, "789"]);
    expect(await range("bytes=10-")).toEqual([416, ""]);
    expect(await range("bytes=5-2")).toEqual([200, "0123456789"]);
    expect(await range("lines=1-2")).toEqual([200, "0123456789"]);
  });

  test("a path that climbs out is refused before any signature is looked at", async () => {
    const { ask } = await ownBench();
    for (const path of [
      "recordings/%2e%2e/%2e%2e/etc",
      "recordings/a%2fb",
      "recordings/..%2fa",
      ".staging/a",
      "recordings/",
    ])
      expect((await ask(`/objects/${path}?exp=1&kid=fake&mac=x`)).status, path).toBeGreaterThanOrEqual(400);
  });
});

test("an unknown scheme is refused by naming those that exist", async () => {
  await expect(connectObjects("carrier-pigeon://x", { keys: fakeKeys })).rejects.toThrow("file:");
});
