/** Whether this S3 keeps what we promise: tried out with a few small objects, because servers say more than they do. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { createHash, randomUUID } from "node:crypto";
import { buckets } from "#lib/object-store/object-store.ts";
import { bucketName, type S3Address } from "./s3-address.ts";
import { sdkError, statusOf } from "./s3-client.ts";
import { removeEverything } from "./s3-removing.ts";

export type Capabilities = {
  /** `false`: large objects go in one request, which knows conditions, instead of parts. */
  conditional_parts: boolean;
  /** Sentences for the log: why it cannot be used, and what it cannot do. */
  refusals: string[];
  lacks: string[];
};

/** Begins with what no key of ours begins with: lists leave it out. */
const PROBES = ".probe/";
const encoder = new TextEncoder();
const checksum = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("base64");

/** Throws `unavailable` when the server cannot be asked. Leaves nothing behind. */
export const probe = async (client: S3Client, address: S3Address, now: () => Date): Promise<Capabilities> => {
  const found: Capabilities = { conditional_parts: true, refusals: [], lacks: [] };
  try {
    const absent = await absentBuckets(client, address);
    if (absent.length > 0) {
      const words = `there is no bucket ${absent.join(", ")}: \`npm run prepare-objects\` makes them`;
      return { ...found, refusals: [words] };
    }
    const at = { Bucket: bucketName(address, "thumbnails"), Key: `${PROBES}${randomUUID()}` };
    try {
      await probeWrites(client, at, found);
      if (found.refusals.length === 0) found.conditional_parts = await probeParts(client, at);
    } finally {
      await removeEverything(client, at);
    }
    if (!found.conditional_parts)
      found.lacks.push("objects of parts are not written once: large ones go in one request instead");
    found.lacks.push(...(await backstops(client, address)));
  } catch (error) {
    throw sdkError(error, now());
  }
  return found;
};

const absentBuckets = async (client: S3Client, address: S3Address): Promise<string[]> => {
  const names = buckets.map((bucket) => bucketName(address, bucket));
  const there = await Promise.all(
    names.map((Bucket) => refused(() => client.send(new HeadBucketCommand({ Bucket })), [404])),
  );
  return names.filter((_, index) => there[index]);
};

type Place = { Bucket: string; Key: string };

const probeWrites = async (client: S3Client, at: Place, found: Capabilities): Promise<void> => {
  const [first, second] = [encoder.encode("first"), encoder.encode("second")];
  const put = (Body: Uint8Array, ChecksumSHA256: string) =>
    client.send(new PutObjectCommand({ ...at, Body, ChecksumSHA256, IfNoneMatch: "*" }));
  if (!(await refused(() => put(first, checksum(second)), [400])))
    found.refusals.push("it takes bytes whose SHA-256 is another than promised");
  else await put(first, checksum(first));
  if (!(await refused(() => put(second, checksum(second)), [412])))
    found.refusals.push("it writes over what is there in spite of If-None-Match");
  const { ChecksumSHA256 } = await client.send(new HeadObjectCommand({ ...at, ChecksumMode: "ENABLED" }));
  if (ChecksumSHA256 === undefined)
    found.lacks.push(
      "it does not answer the checksum it was given: the one in the object's own fields is compared alone",
    );
};

/** Completes parts over what is there: whoever lets that happen, or does not know the condition, is not asked again. */
const probeParts = async (client: S3Client, at: Place): Promise<boolean> => {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...at, ChecksumAlgorithm: "SHA256" }));
  const Body = encoder.encode("parts");
  const part = { ...at, UploadId, PartNumber: 1 };
  const { ETag } = await client.send(new UploadPartCommand({ ...part, Body, ChecksumSHA256: checksum(Body) }));
  const Parts = [{ PartNumber: 1, ETag, ChecksumSHA256: checksum(Body) }];
  const complete = new CompleteMultipartUploadCommand({
    ...at,
    UploadId,
    MultipartUpload: { Parts },
    IfNoneMatch: "*",
  });
  const kept = await refused(() => client.send(complete), [412]).catch((error: unknown) => {
    if (statusOf(error) === 400 || statusOf(error) === 501) return false;
    throw error;
  });
  await refused(() => client.send(new AbortMultipartUploadCommand({ ...at, UploadId })), [404]);
  return kept;
};

const backstops = async (client: S3Client, address: S3Address): Promise<string[]> => {
  const lacks: string[] = [];
  const Bucket = bucketName(address, "recordings");
  const lifecycle = await refused(
    () => client.send(new GetBucketLifecycleConfigurationCommand({ Bucket })),
    [404, 501],
  );
  if (lifecycle) lacks.push("it has no lifecycle rules as a backstop: `npm run prepare-objects` says whether it can");
  const versioning = await client.send(new GetBucketVersioningCommand({ Bucket })).catch(() => null);
  if (versioning?.Status === "Enabled") lacks.push("it keeps versions: each deletion removes all of them");
  return lacks;
};

/** Whether it answers with one of these. Throws for any other failure. */
const refused = async (ask: () => Promise<unknown>, statuses: readonly number[]): Promise<boolean> => {
  try {
    await ask();
    return false;
  } catch (error) {
    if (statuses.includes(statusOf(error) ?? 0)) return true;
    throw error;
  }
};
