/**
 * Reading from an S3 and signing for it: all that functions over HTTP need. Whole objects are compared with the hash that was
 * stored with them; a part of one cannot be.
 */
import { createHash } from "node:crypto";
import { AppError } from "#lib/errors.ts";
import type { Bucket, ByteRange, ObjectHead, ObjectStore, SignedUrl } from "#lib/object-store/object-store.ts";
import { damaged } from "./damaged.ts";
import { disposition } from "./disposition.ts";
import { checkKey } from "./object-key.ts";
import { within } from "./ranges.ts";
import { objectUrl } from "./s3-address.ts";
import { noBucket, unreachable } from "./s3-errors.ts";
import { requestObject, withTries, type Answered, type S3Access } from "./s3-requests.ts";
import { signUrl } from "./s3-signing.ts";
import { checkLife, checkUpload } from "./signatures.ts";

/** The whole file's, whatever its parts were: an S3 keeps for an object of parts only the hash of their hashes. */
export const SHA256_HEADER = "x-amz-meta-sha256";
const CHECKSUM_HEADER = "x-amz-checksum-sha256";
const WITH_CHECKSUM = { "x-amz-checksum-mode": "ENABLED" };

const BUCKETS_STAY_MS = 10_000;

export const s3Reading = (access: S3Access): Pick<ObjectStore, "head" | "get" | "stream"> => {
  const mustExist = knownBuckets(access);
  const head = async (bucket: Bucket, key: string): Promise<ObjectHead | null> => {
    checkKey(bucket, key);
    const answer = await requestObject(access, "HEAD", bucket, key, WITH_CHECKSUM);
    await answer?.discard();
    if (answer) return headOf(answer.headers, Number(answer.headers.get("content-length")));
    await mustExist(bucket);
    return null;
  };

  /** `null`: not there. An empty range is asked of the head alone, because S3 knows no such range. */
  const open = async (bucket: Bucket, key: string, range?: ByteRange): Promise<Opened | null> => {
    checkKey(bucket, key);
    if (range) within(Number.MAX_SAFE_INTEGER, range);
    if (range?.length !== 0) {
      const wanted = range ? { range: `bytes=${range.offset}-${range.offset + range.length - 1}` } : {};
      const answer = await requestObject(access, "GET", bucket, key, { ...WITH_CHECKSUM, ...wanted });
      if (!answer) return null;
      if (answer.status !== 416) return { answer, bytes: Number(answer.headers.get("content-length")) };
      await answer.discard();
    }
    const there = await head(bucket, key);
    if (!there) return null;
    within(there.bytes, range);
    return { answer: null, bytes: 0 };
  };

  return {
    head,
    get: async (bucket, key, range) => {
      const read = () => withTries(async () => bytesOf(await open(bucket, key, range), range === undefined));
      // What was damaged on the way is whole at the second time; what lies damaged is not.
      return read().catch((error: unknown) => {
        if (error instanceof AppError && error.reason === "object.damaged") return read();
        throw error;
      });
    },
    stream: async (bucket, key, range) => {
      const opened = await open(bucket, key, range);
      return opened && streamOf(opened, range === undefined);
    },
  };
};

/** A HEAD does not say whether the object or its bucket is missing: the bucket is asked for now and then. */
const knownBuckets = (access: S3Access): ((bucket: Bucket) => Promise<void>) => {
  const seen = new Map<Bucket, number>();
  return async (bucket) => {
    const now = performance.now();
    if (now - (seen.get(bucket) ?? -Infinity) < BUCKETS_STAY_MS) return;
    const answer = await requestObject(access, "HEAD", bucket, "");
    await answer?.discard();
    if (!answer) throw noBucket();
    seen.set(bucket, now);
  };
};

type Opened = { answer: Answered | null; bytes: number };

const bytesOf = async (opened: Opened | null, isWhole: boolean): Promise<Uint8Array | null> => {
  if (!opened) return null;
  const bytes = new Uint8Array(opened.bytes);
  let at = 0;
  for await (const chunk of checked(opened, isWhole)) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
};

async function* checked({ answer, bytes }: Opened, isWhole: boolean): AsyncGenerator<Uint8Array> {
  if (!answer) return;
  const promised = isWhole ? headOf(answer.headers, bytes).sha256 : null;
  const hash = createHash("sha256");
  let seen = 0;
  for await (const chunk of answer.chunks()) {
    seen += chunk.byteLength;
    if (seen > bytes) throw damaged();
    if (promised !== null) hash.update(chunk);
    yield chunk;
  }
  if (seen < bytes) throw unreachable(new Error("the answer ended early"));
  if (promised !== null && hash.digest("hex") !== promised) throw damaged();
}

const streamOf = (opened: Opened, isWhole: boolean): ReadableStream<Uint8Array> => {
  const chunks = checked(opened, isWhole);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await chunks.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
      async cancel() {
        await chunks.return(undefined);
        await opened.answer?.discard();
      },
    },
    { highWaterMark: 0 },
  );
};

const headOf = (headers: Headers, bytes: number): ObjectHead => {
  const own = headers.get(SHA256_HEADER);
  const checksum = headers.get(CHECKSUM_HEADER);
  // With a dash it is the hash of the parts' hashes.
  const servers = checksum === null || checksum.includes("-") ? null : Buffer.from(checksum, "base64").toString("hex");
  const sha256 = own ?? servers;
  if (sha256 === null || (servers !== null && servers !== sha256) || !/^[0-9a-f]{64}$/.test(sha256)) throw damaged();
  return {
    bytes,
    sha256,
    content_type: headers.get("content-type") ?? "application/octet-stream",
    stored_at: new Date(headers.get("last-modified") ?? Number.NaN),
  };
};

export const s3SignedUrls = ({
  address,
  credentials,
  clock,
}: S3Access): Pick<ObjectStore, "signedGet" | "signedPut"> => {
  const signed = async (
    method: "GET" | "PUT",
    url: URL,
    headers: Record<string, string>,
    seconds: number,
  ): Promise<Omit<SignedUrl, "headers">> => {
    checkLife(seconds);
    const at = new Date(Math.floor(clock().getTime() / 1000) * 1000);
    const life = Math.ceil(seconds);
    const signer = { credentials: await credentials(), region: address.region, at };
    return {
      url: await signUrl(signer, { method, url, headers }, life),
      expires_at: new Date(at.getTime() + life * 1000),
    };
  };
  return {
    signedGet: async (bucket, key, { expires_in_seconds, filename }) => {
      checkKey(bucket, key);
      const url = objectUrl(address, address.public_endpoint, bucket, key);
      url.searchParams.set("response-cache-control", "private, no-store");
      url.searchParams.set("response-content-disposition", disposition(filename ?? null));
      return { ...(await signed("GET", url, {}, expires_in_seconds)), headers: {} };
    },
    signedPut: async (bucket, key, { expires_in_seconds, bytes, sha256, content_type }) => {
      checkKey(bucket, key);
      checkUpload({ bytes, sha256 });
      const headers = {
        "content-type": content_type,
        // What is there already is answered with 412 and stays.
        "if-none-match": "*",
        [CHECKSUM_HEADER]: Buffer.from(sha256, "hex").toString("base64"),
        [SHA256_HEADER]: sha256,
      };
      const url = objectUrl(address, address.public_endpoint, bucket, key);
      // The length is bound too; whoever sends says it by itself and may not be told to.
      const all = { ...headers, "content-length": String(bytes) };
      return { ...(await signed("PUT", url, all, expires_in_seconds)), headers };
    },
  };
};
