/**
 * Serves the signed URLs of the file store. Mounted by the host, whose error handler turns what is thrown here into
 * problem documents. No other proof than the signature is asked for.
 */
import { Hono, type Context } from "hono";
import { AppError } from "#lib/errors.ts";
import type { Bucket, ByteRange, ObjectStore } from "#lib/object-store/object-store.ts";
import type { Keys } from "#lib/secrets/keys.ts";
import { disposition } from "./disposition.ts";
import { checkKey } from "./object-key.ts";
import { checkSignature } from "./signatures.ts";

type Asked = { bucket: Bucket; key: string; query: URLSearchParams };

const PREFIX = "/objects/";

export const objectRoutes = (
  store: ObjectStore,
  keys: Pick<Keys, "checkMac">,
  clock: () => Date = () => new Date(),
): Hono => {
  const allowed = async (c: Context, method: "GET" | "PUT"): Promise<Asked> => {
    const { bucket, key, query } = asked(c.req.url);
    await checkSignature(keys, clock(), { method, bucket, key, query });
    return { bucket, key, query };
  };
  return new Hono()
    .get("/objects/:bucket/*", async (c) => read(c, store, await allowed(c, "GET")))
    .put("/objects/:bucket/*", async (c) => write(c, store, await allowed(c, "PUT")));
};

/** From the URL as it came: decoding is what makes `%2e%2e%2f` dangerous, and no key needs it. */
const asked = (url: string): Asked => {
  const { pathname, searchParams } = new URL(url);
  const path = pathname.slice(PREFIX.length);
  const bucket = path.slice(0, path.indexOf("/")) as Bucket;
  const key = path.slice(bucket.length + 1);
  checkKey(bucket, key);
  return { bucket, key, query: searchParams };
};

const read = async (c: Context, store: ObjectStore, { bucket, key, query }: Asked): Promise<Response> => {
  const head = await store.head(bucket, key);
  if (!head) throw new AppError("not_found", "There is no such object", { reason: "object.not_found" });
  const etag = `"${head.sha256}"`;
  const headers: Record<string, string> = {
    "accept-ranges": "bytes",
    "cache-control": "private, no-store",
    "content-disposition": disposition(query.get("filename")),
    // Stored bytes come from outside: as a document they may do nothing.
    "content-security-policy": "default-src 'none'; sandbox",
    "content-type": head.content_type,
    "cross-origin-resource-policy": "same-origin",
    etag,
    "last-modified": head.stored_at.toUTCString(),
    "x-content-type-options": "nosniff",
  };
  const ifRange = c.req.header("if-range");
  const wanted = ifRange === undefined || ifRange === etag ? c.req.header("range") : undefined;
  const range = rangeOf(wanted, head.bytes);
  if (range === "outside")
    return new Response(null, { status: 416, headers: { ...headers, "content-range": `bytes */${head.bytes}` } });
  const length = range ? range.length : head.bytes;
  headers["content-length"] = String(length);
  if (range) headers["content-range"] = `bytes ${range.offset}-${range.offset + length - 1}/${head.bytes}`;
  const status = range ? 206 : 200;
  if (c.req.raw.method === "HEAD") return new Response(null, { status, headers });
  return new Response(await store.stream(bucket, key, range ?? undefined), { status, headers });
};

const write = async (c: Context, store: ObjectStore, { bucket, key, query }: Asked): Promise<Response> => {
  const bytes = Number(query.get("bytes"));
  const type = query.get("type") ?? "";
  const sha256 = query.get("sha256") ?? "";
  if (c.req.header("content-type") !== type)
    throw new AppError("forbidden", "This link is for another content type", { reason: "object.url_refused" });
  const said = c.req.header("content-length");
  if (said !== undefined && Number(said) !== bytes) throw wrongLength(Number(said) > bytes);
  const body = exactly(c.req.raw.body, bytes);
  const head = await store.put(bucket, key, body, { content_type: type, sha256 });
  return new Response(null, { status: 200, headers: { etag: `"${head.sha256}"`, "cache-control": "no-store" } });
};

/** Counts what really comes: a length in a header is only a claim. */
async function* exactly(body: ReadableStream<Uint8Array> | null, bytes: number): AsyncGenerator<Uint8Array> {
  let seen = 0;
  const reader = body?.getReader();
  try {
    for (;;) {
      const next = await reader?.read().catch((cause: unknown) => {
        throw new AppError("malformed", "The upload broke off", { reason: "object.broken_off", cause });
      });
      if (!next || next.done) break;
      seen += next.value.byteLength;
      if (seen > bytes) throw wrongLength(true);
      yield next.value;
    }
  } finally {
    reader?.releaseLock();
  }
  if (seen < bytes) throw wrongLength(false);
}

const wrongLength = (isMore: boolean): AppError =>
  isMore
    ? new AppError("too_large", "More bytes than the link allows", { reason: "object.length" })
    : new AppError("malformed", "Fewer bytes than the link says", { reason: "object.length" });

/** One range of bytes; what is no such thing is ignored, as RFC 9110 allows. */
const rangeOf = (header: string | undefined, size: number): ByteRange | "outside" | null => {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (from === undefined || to === undefined || from + to === "") return null;
  if (from === "") {
    const length = Math.min(Number(to), size);
    return length === 0 ? "outside" : { offset: size - length, length };
  }
  const offset = Number(from);
  const last = to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (offset >= size) return "outside";
  return last < offset ? null : { offset, length: last - offset + 1 };
};
