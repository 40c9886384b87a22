/** Storing in an S3: once, compared by SHA-256, and looked at before it counts as stored. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
  type S3Client,
} from "@aws-sdk/client-s3";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { AppError } from "#lib/errors.ts";
import type { Bucket, ObjectHead, ObjectStore, PutOptions } from "#lib/object-store/object-store.ts";
import { checkKey } from "./object-key.ts";
import { bucketName, type S3Address } from "./s3-address.ts";
import type { Capabilities } from "./s3-capabilities.ts";
import { ask } from "./s3-client.ts";
import { statusOf } from "./s3-errors.ts";
import { sourceOf, type Source } from "./s3-source.ts";

/** An S3 takes parts from 5 MiB on, 10 000 of them. */
export const PART_BYTES = 16 * 1024 * 1024;
const MOST_PARTS = 10_000;
/** All parts before it would be lost with it. */
const PART_TRIES = 6;
const MOST_IN_ONE_REQUEST = 5 * 1024 ** 3;

export type Writing = {
  client: S3Client;
  address: S3Address;
  clock: () => Date;
  /** More than this goes in parts of this size. */
  part_bytes: number;
  capabilities: () => Promise<Capabilities>;
  head: (bucket: Bucket, key: string) => Promise<ObjectHead | null>;
};

type Place = { Bucket: string; Key: string };

export const s3Writing = (writing: Writing): Pick<ObjectStore, "put"> => ({
  put: async (bucket, key, bytes, options) => {
    checkKey(bucket, key);
    const source = await sourceOf(bytes, writing.part_bytes);
    try {
      if (options.sha256 !== undefined && options.sha256 !== source.sha256)
        throw new AppError("invalid", "The bytes do not have this checksum", { reason: "object.checksum" });
      const { conditional_parts } = await writing.capabilities();
      return await store(writing, { bucket, key }, source, options, conditional_parts);
    } finally {
      await source.close();
    }
  },
});

const store = async (
  writing: Writing,
  { bucket, key }: { bucket: Bucket; key: string },
  source: Source,
  { content_type }: PutOptions,
  conditional_parts: boolean,
): Promise<ObjectHead> => {
  const large = source.bytes > writing.part_bytes;
  // Before many bytes travel for nothing.
  const there = large ? await writing.head(bucket, key) : null;
  if (!there) {
    const at = { Bucket: bucketName(writing.address, bucket), Key: key };
    const facts = { ContentType: content_type, Metadata: { sha256: source.sha256 } };
    try {
      if (large && conditional_parts) await storeParts(writing, at, source, facts);
      else await storeAtOnce(writing, at, source, facts);
    } catch (error) {
      // 412: somebody was first. 409: somebody is at it in this very moment.
      if (statusOf(error) !== 412 && statusOf(error) !== 409) throw error;
    }
  }
  const stored = there ?? (await writing.head(bucket, key));
  if (!stored)
    throw new AppError("unavailable", "Somebody else writes or deletes this object", {
      reason: "object.contended",
      retry_after_seconds: 1,
    });
  if (stored.sha256 !== source.sha256)
    throw new AppError("conflict", "Other bytes are stored under this key", { reason: "object.exists" });
  return stored;
};

type Facts = { ContentType: string; Metadata: Record<string, string> };

const storeAtOnce = async ({ client, clock }: Writing, at: Place, source: Source, facts: Facts): Promise<void> => {
  const ChecksumSHA256 = Buffer.from(source.sha256, "hex").toString("base64");
  const how = { ...at, ...facts, ContentLength: source.bytes, ChecksumSHA256, IfNoneMatch: "*" };
  await ask(clock, async () => client.send(new PutObjectCommand({ ...how, Body: await bodyOf(source) })));
};

/** Anew for each attempt. */
const bodyOf = async (source: Source): Promise<Uint8Array | Readable> => {
  if (source.bytes <= PART_BYTES) return source.read(0, source.bytes);
  if (source.bytes > MOST_IN_ONE_REQUEST)
    throw new AppError("too_large", "This object store takes 5 GiB at most", { reason: "object.too_large" });
  return Readable.from(piecesOf(source));
};

async function* piecesOf(source: Source): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < source.bytes; at += PART_BYTES)
    yield await source.read(at, Math.min(PART_BYTES, source.bytes - at));
}

const storeParts = async (writing: Writing, at: Place, source: Source, facts: Facts): Promise<void> => {
  const { client, clock } = writing;
  const size = Math.max(writing.part_bytes, Math.ceil(source.bytes / MOST_PARTS));
  const create = new CreateMultipartUploadCommand({ ...at, ...facts, ChecksumAlgorithm: "SHA256" });
  const { UploadId } = await ask(clock, () => client.send(create));
  try {
    const Parts: CompletedPart[] = [];
    for (let offset = 0; offset < source.bytes; offset += size) {
      const bytes = await source.read(offset, Math.min(size, source.bytes - offset));
      Parts.push(await sendPart(writing, { ...at, UploadId, PartNumber: Parts.length + 1 }, bytes));
    }
    // The hash of the parts' hashes: that they were joined whole and in their order is the server's word for it.
    const ChecksumSHA256 = `${hashOfHashes(Parts)}-${Parts.length}`;
    const how = { ...at, UploadId, MultipartUpload: { Parts }, ChecksumSHA256, IfNoneMatch: "*" };
    await ask(clock, () => client.send(new CompleteMultipartUploadCommand(how)));
  } catch (error) {
    // Parts that nobody completes cost room; the lifecycle rule takes what this cannot reach.
    await client.send(new AbortMultipartUploadCommand({ ...at, UploadId })).catch(() => undefined);
    throw error;
  }
};

const sendPart = async (
  { client, clock }: Writing,
  part: Place & { UploadId: string | undefined; PartNumber: number },
  Body: Uint8Array,
): Promise<CompletedPart> => {
  const ChecksumSHA256 = createHash("sha256").update(Body).digest("base64");
  const send = () => client.send(new UploadPartCommand({ ...part, Body, ChecksumSHA256 }));
  const { ETag } = await ask(clock, send, PART_TRIES);
  return { PartNumber: part.PartNumber, ChecksumSHA256, ...(ETag === undefined ? {} : { ETag }) };
};

const hashOfHashes = (parts: readonly CompletedPart[]): string => {
  const hash = createHash("sha256");
  for (const { ChecksumSHA256 } of parts) hash.update(Buffer.from(ChecksumSHA256 ?? "", "base64"));
  return hash.digest("base64");
};
