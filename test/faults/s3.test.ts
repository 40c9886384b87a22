/** What becomes of objects when the S3 is away, slow, full of refusals, careless, or behind a line with faults. */
import { createHash, randomBytes } from "node:crypto";
import {
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { prepareObjects } from "#infra/s3/buckets.ts";
import { connectObjects } from "#lib/object-store/connect.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import { bucketName, s3Address } from "#lib/object-store/s3-address.ts";
import { s3Client } from "#lib/object-store/s3-client.ts";
import type { S3StoreOptions } from "#lib/object-store/s3.ts";
import { fakeKeys } from "#test/contracts/adapters/fake-keys.ts";
import { s3Url } from "#test/contracts/adapters/s3-objects.ts";
import { startFaultProxy, type FaultProxy } from "#test/harness/fault-proxy.ts";
import { isMissing, present, serverFor, titled } from "#test/harness/servers/use.ts";
import { carelessS3, refusingS3 } from "./careless-s3.ts";

const video = { content_type: "video/mp4" };
const MIB = 1024 * 1024;
const sha = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const small = new TextEncoder().encode("a few bytes of video");

const open = async (url: string, options: S3StoreOptions = {}): Promise<ObjectStore> => {
  const store = await connectObjects(url, { keys: fakeKeys, ...options });
  onTestFinished(() => store.close());
  return store;
};
const why = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "no refusal",
    (error: { code?: string; reason?: string }) => `${error.code} ${error.reason}`,
  );
/** Each thing that is asked of a store → how it ended. */
const everything = async (store: ObjectStore): Promise<Record<string, string>> => {
  const asked = {
    put: store.put("clips", "a", small, video),
    get: store.get("clips", "a"),
    head: store.head("clips", "a"),
    stream: store.stream("clips", "a"),
    list: store.list("clips", ""),
    delete: store.delete("clips", "a"),
  };
  const ends = await Promise.all(Object.values(asked).map(why));
  return Object.fromEntries(Object.keys(asked).map((name, index) => [name, ends[index] ?? ""]));
};
const all = (end: string): Record<string, string> => ({
  put: end,
  get: end,
  head: end,
  stream: end,
  list: end,
  delete: end,
});

describe("an S3 that answers with an error", () => {
  const ends = async (status: number, code: string, headers: Record<string, string> = {}) => {
    const server = await refusingS3(status, code, headers);
    onTestFinished(server.close);
    return everything(await open(server.url));
  };

  test("asks for patience: everything waits, nothing is given up", async () => {
    expect(await ends(503, "SlowDown")).toEqual(all("unavailable object.slow_down"));
  });

  test("asks for patience for a time of its own: so long it is left alone", async () => {
    const server = await refusingS3(503, "SlowDown", { "retry-after": "17" });
    onTestFinished(server.close);
    const store = await open(server.url);
    for (const work of [() => store.get("clips", "a"), () => store.list("clips", "")])
      await expect(work()).rejects.toMatchObject({ code: "unavailable", retryAfterSeconds: 17 });
  });

  test("refuses the keys: that is another alarm than one that is away", async () => {
    expect(await ends(403, "AccessDenied")).toEqual(all("unavailable object.access_refused"));
  });

  test("has another time than we: that is an alarm of its own", async () => {
    const date = new Date(Date.now() - 20 * 60_000).toUTCString();
    expect(await ends(403, "RequestTimeTooSkewed", { date })).toEqual(all("unavailable object.clock_skew"));
  });

  test("has no room: it is waited for", async () => {
    expect(await ends(507, "XMinioStorageFull")).toEqual(all("unavailable object.disk_full"));
  });

  test("misses a bucket: it is not begun with", async () => {
    await expect(ends(404, "NoSuchBucket")).rejects.toThrow("there is no bucket recordings");
  });
});

describe("an S3 that says yes to what it does not do", () => {
  const careless = async (care: Partial<Parameters<typeof carelessS3>[0]>) => {
    const server = await carelessS3({ conditions: true, checksums: true, parts: "obeyed", ...care });
    onTestFinished(server.close);
    return server;
  };

  test("is not used where it writes over what is there", async () => {
    const { url } = await careless({ conditions: false });
    await expect(open(url)).rejects.toThrow("writes over what is there");
  });

  test("is not used where it takes bytes with another checksum", async () => {
    const { url } = await careless({ checksums: false });
    await expect(open(url)).rejects.toThrow("takes bytes whose SHA-256 is another");
  });

  test.each(["ignored", "unknown"] as const)(
    "stores large objects in one request where conditions on parts are %s, and says so",
    async (parts) => {
      const { url, asked } = await careless({ parts });
      const said: string[] = [];
      const store = await open(url, { part_bytes: 8, say: (line) => void said.push(line) });
      expect(said.join()).toContain("large ones go in one request instead");
      asked.length = 0;
      const { bytes } = await store.put("clips", "a", small, video);
      expect(bytes).toBe(small.byteLength);
      expect(asked.filter((line) => !line.startsWith("HEAD"))).toEqual(["PUT /clips/a?x-id=PutObject"]);
    },
  );
});

const told = await serverFor("minio");
describe.skipIf(isMissing(told))(titled("behind a line with faults", "minio", told), () => {
  let url = "";
  let proxy: FaultProxy;
  let through = "";
  let clean: ObjectStore;
  beforeAll(async () => {
    url = s3Url(present(told));
    await prepareObjects(url, { public_url: null, most_days: {} });
    proxy = await startFaultProxy({ host: "127.0.0.1", port: Number(new URL(url.slice(3)).port) });
    through = `s3:${proxy.through(url.slice(3))}`;
    clean = await connectObjects(url, { keys: fakeKeys });
  });
  afterAll(async () => {
    await clean.close();
    await proxy.close();
  });

  const raw = async () => {
    const address = s3Address(url);
    const { client } = s3Client(address, () => new Date());
    onTestFinished(() => client.destroy());
    return { client, Bucket: bucketName(address, "clips") };
  };

  test("an S3 that is away at the start and later keeps nothing from working when it is back", async () => {
    proxy.refuse(true);
    const store = await open(through);
    expect(await everything(store)).toEqual(all("unavailable object.unreachable"));
    proxy.refuse(false);
    await store.put("clips", "away", small, video);
    proxy.refuse(true);
    proxy.reset();
    expect(await everything(store)).toEqual(all("unavailable object.unreachable"));
    proxy.refuse(false);
    expect(await store.get("clips", "away")).toEqual(small);
  });

  test("an S3 that says nothing any more is given up, and waited for", async () => {
    const store = await open(through, { patience_ms: 200 });
    proxy.freeze();
    onTestFinished(proxy.thaw);
    expect(await why(store.get("clips", "a"))).toBe("unavailable object.unreachable");
    expect(await why(store.put("clips", "a", small, video))).toBe("unavailable object.unreachable");
  });

  test("who looks at it from outside gets addresses for there", async () => {
    const { port } = new URL(url.slice(3));
    const store = await open(`${url}?public=http://localhost:${port}`);
    await store.put("clips", "outside", small, video);
    const { url: address } = await store.signedGet("clips", "outside", { expires_in_seconds: 60 });
    expect(new URL(address).host).toBe(`localhost:${port}`);
    expect(await (await fetch(address)).bytes()).toEqual(small);
  });

  test("what others put into our buckets is neither listed nor in the way", async () => {
    const own = s3Url(present(told));
    await prepareObjects(own, { public_url: null, most_days: {} });
    const { client } = await raw();
    const Bucket = bucketName(s3Address(own), "clips");
    for (const Key of [".probe/left", "Their Folder/Their File", "theirs~"])
      await client.send(new PutObjectCommand({ Bucket, Key, Body: "theirs" }));
    const store = await open(own);
    await store.put("clips", "ours", small, video);
    expect(await store.list("clips", "")).toEqual([{ key: "ours", bytes: small.byteLength }]);
    expect(await store.list("clips", "", "ours")).toEqual([]);
  });

  test("hundreds of deletions at once take turns in silence", async () => {
    const keys = Array.from({ length: 200 }, (_, n) => `many/${n}`);
    await Promise.all(keys.map((key) => clean.put("clips", key, small, video)));
    await Promise.all(keys.map((key) => clean.delete("clips", key)));
    expect(await clean.list("clips", "many/")).toEqual([]);
  });

  test("wrong keys and a wrong clock are told apart by a real server too", async () => {
    const wrong = new URL(url.slice(3));
    wrong.password = "another-secret";
    expect(await everything(await open(`s3:${wrong.href}`))).toEqual(all("unavailable object.access_refused"));
    const late = () => new Date(Date.now() - 20 * 60_000);
    expect(await everything(await open(url, { clock: late }))).toEqual(all("unavailable object.clock_skew"));
  });

  test("a bucket that somebody deleted is no empty bucket", async () => {
    const own = s3Url(present(told));
    await prepareObjects(own, { public_url: null, most_days: {} });
    const store = await open(own);
    const { client } = await raw();
    await client.send(new DeleteBucketCommand({ Bucket: bucketName(s3Address(own), "clips") }));
    const ends = await everything(store);
    expect(ends).toEqual({ ...all("unavailable object.no_bucket"), delete: ends["delete"] });
  });

  describe("an upload in parts that is cut", () => {
    const part = 5 * MIB;
    const bytes = randomBytes(part + 1000);
    const cuts: [string, string, number][] = [
      ["one byte into the first part", "partNumber=1&", 1],
      ["one byte before the end of the first", "partNumber=1&", part - 1],
      ["at the end of the first", "partNumber=1&", part],
      ["one byte into the last", "partNumber=2&", 1],
      ["one byte before the end of the last", "partNumber=2&", 999],
      ["at the end of the last", "partNumber=2&", 1000],
      ["before the parts are joined", "?uploadId=", 0],
    ];
    test.each(cuts)("%s goes on and is whole", async (name, behind, at) => {
      const store = await open(through, { part_bytes: part });
      const key = `cut/${name.replaceAll(" ", "-")}`;
      proxy.cut("to_server", at, behind);
      const stored = await store.put("clips", key, bytes, video);
      expect([stored.bytes, stored.sha256]).toEqual([bytes.byteLength, sha(bytes)]);
      expect(sha((await clean.get("clips", key)) ?? new Uint8Array())).toBe(sha(bytes));
      const { client, Bucket } = await raw();
      expect((await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: key }))).Uploads ?? []).toEqual([]);
    });

    test("after it was stored, before we heard so: that is a success", async () => {
      const store = await open(through);
      proxy.cut("to_server", small.byteLength, "PUT /");
      const stored = await store.put("clips", "unheard", small, video);
      expect([stored.sha256, await clean.get("clips", "unheard")]).toEqual([sha(small), small]);
    });
  });

  test("a download that is cut is read again", async () => {
    await clean.put("clips", "cut-down", randomBytes(MIB), video);
    const store = await open(through);
    proxy.cut("to_client", 5000);
    const bytes = await store.get("clips", "cut-down");
    expect(sha(bytes ?? new Uint8Array())).toBe((await clean.head("clips", "cut-down"))?.sha256);
  });

  test("a bit turned over on the way up is noticed by the store, and nothing is kept", async () => {
    const store = await open(through, { part_bytes: 5 * MIB });
    proxy.flip("to_server", 7, "PUT /");
    expect(await why(store.put("clips", "flip", small, video))).toBe("unavailable object.damaged_on_the_way");
    const large = randomBytes(6 * MIB);
    proxy.flip("to_server", MIB, "partNumber=2&");
    proxy.flip("to_server", 700_000, "partNumber=1&");
    expect(await why(store.put("clips", "flip", large, video))).toBe("unavailable object.damaged_on_the_way");
    expect(await clean.head("clips", "flip")).toBeNull();
    proxy.forget();
    expect((await store.put("clips", "flip", large, video)).sha256).toBe(sha(large));
  });

  test("a bit turned over in a signed upload is noticed by the store, and nothing is kept", async () => {
    const store = await open(through);
    const how = { expires_in_seconds: 60, bytes: small.byteLength, sha256: sha(small), ...video };
    const { url: address, headers } = await store.signedPut("clips", "flip-signed", how);
    proxy.flip("to_server", 3, "PUT /");
    expect((await fetch(address, { method: "PUT", headers, body: small })).status).toBe(400);
    expect(await clean.head("clips", "flip-signed")).toBeNull();
    expect((await fetch(address, { method: "PUT", headers, body: small })).status).toBe(200);
  });

  test("a bit turned over on the way down is read again; a stream ends with an error", async () => {
    const bytes = randomBytes(MIB);
    await clean.put("clips", "flip-down", bytes, video);
    const store = await open(through);
    proxy.flip("to_client", 300_000);
    expect(sha((await store.get("clips", "flip-down")) ?? new Uint8Array())).toBe(sha(bytes));
    proxy.flip("to_client", 300_000);
    const streamed = new Response(await store.stream("clips", "flip-down")).bytes();
    expect(await why(streamed)).toBe("internal object.damaged");
  });

  test("what lies damaged in the store is reported, not served", async () => {
    const { client, Bucket } = await raw();
    const stored = await clean.put("clips", "rotten", small, video);
    const other = { Body: "other bytes, as long", ContentType: "video/mp4", Metadata: { sha256: stored.sha256 } };
    await client.send(new PutObjectCommand({ Bucket, Key: "rotten", ...other }));
    expect(await why(clean.get("clips", "rotten"))).toBe("internal object.damaged");
  });

  test("the same clip by two workers is one object and no fault", async () => {
    const { client, Bucket } = await raw();
    const bytes = randomBytes(6 * MIB);
    const [one, other] = [await open(url, { part_bytes: 5 * MIB }), await open(url, { part_bytes: 5 * MIB })];
    const heads = await Promise.all([one, other].map((store) => store.put("clips", "twice", bytes, video)));
    expect(heads[0]).toEqual(heads[1]);
    const small_ones = await Promise.all([one, other].map((store) => store.put("clips", "twice-small", small, video)));
    expect(small_ones[0]).toEqual(small_ones[1]);
    expect((await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: "twice" }))).Uploads ?? []).toEqual([]);
  });
});

for (const name of ["minio", "versitygw"] as const) {
  const server = await serverFor(name);
  test.skipIf(isMissing(server))(
    titled(`where versions are kept, nothing of a deleted object stays: ${name}`, name, server),
    async () => {
      const url = s3Url(present(server));
      await prepareObjects(url, { public_url: null, most_days: {} });
      const address = s3Address(url);
      const { client } = s3Client(address, () => new Date());
      onTestFinished(() => client.destroy());
      const Bucket = bucketName(address, "clips");
      await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
      const store = await open(url);
      await store.put("clips", "a", small, video);
      await client.send(new PutObjectCommand({ Bucket, Key: "a", Body: "another version" }));
      await client.send(new DeleteObjectCommand({ Bucket, Key: "a" }));
      await store.put("clips", "a-longer", small, video);
      await store.delete("clips", "a");
      await store.delete("clips", "never-there");
      const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
      expect([Versions.map(({ Key }) => Key), DeleteMarkers.map(({ Key }) => Key)]).toEqual([["a-longer"], []]);
    },
  );
}
