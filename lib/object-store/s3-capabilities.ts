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
import { ask } from "./s3-client.ts";
import { statusOf } from "./s3-errors.ts";
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

type Asking = { client: S3Client; address: S3Address; clock: () => Date };
type Place = { Bucket: string; Key: string };

/** Throws `unavailable` when the server cannot be asked. Leaves nothing behind. */
export const probe = async (asking: Asking): Promise<Capabilities> => {
  const found: Capabilities = { conditional_parts: true, refusals: [], lacks: [] };
  const absent = await absentBuckets(asking);
  if (absent.length > 0) {
    const words = `there is no bucket ${absent.join(", ")}: \`npm run prepare-objects\` makes them`;
    return { ...found, refusals: [words] };
  }
  const at = { Bucket: bucketName(asking.address, "thumbnails"), Key: `${PROBES}${randomUUID()}` };
  try {
    await probeWrites(asking, at, found);
    if (found.refusals.length === 0) found.conditional_parts = await probeParts(asking, at);
  } finally {
    await removeEverything(asking.client, at, asking.clock);
  }
  if (!found.conditional_parts)
    found.lacks.push("objects of parts are not written once: large ones go in one request instead");
  found.lacks.push(...(await backstops(asking)));
  return found;
};

const absentBuckets = async (asking: Asking): Promise<string[]> => {
  const names = buckets.map((bucket) => bucketName(asking.address, bucket));
  const absent = await Promise.all(
    names.map((Bucket) => refused(asking, () => asking.client.send(new HeadBucketCommand({ Bucket })), [404])),
  );
  return names.filter((_, index) => absent[index]);
};

const probeWrites = async (asking: Asking, at: Place, found: Capabilities): Promise<void> => {
  const { client, clock } = asking;
  const [first, second] = [encoder.encode("first"), encoder.encode("second")];
  const put = (Body: Uint8Array, ChecksumSHA256: string) => () =>
    client.send(new PutObjectCommand({ ...at, Body, ChecksumSHA256, IfNoneMatch: "*" }));
  if (await refused(asking, put(first, checksum(second)), [400])) await ask(clock, put(first, checksum(first)));
  else found.refusals.push("it takes bytes whose SHA-256 is another than promised");
  if (!(await refused(asking, put(second, checksum(second)), [412])))
    found.refusals.push("it writes over what is there in spite of If-None-Match");
  const look = new HeadObjectCommand({ ...at, ChecksumMode: "ENABLED" });
  const { ChecksumSHA256 } = await ask(clock, () => client.send(look));
  if (ChecksumSHA256 === undefined)
    found.lacks.push("it does not answer with checksums: the one among the object's own fields is compared alone");
};

/** Completes parts over what is there: whoever lets that happen, or does not know the condition, is not asked again. */
const probeParts = async (asking: Asking, at: Place): Promise<boolean> => {
  const { client, clock } = asking;
  const create = new CreateMultipartUploadCommand({ ...at, ChecksumAlgorithm: "SHA256" });
  const { UploadId } = await ask(clock, () => client.send(create));
  const Body = encoder.encode("parts");
  const part = new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body, ChecksumSHA256: checksum(Body) });
  const { ETag } = await ask(clock, () => client.send(part));
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag, ChecksumSHA256: checksum(Body) }] };
  const complete = new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload, IfNoneMatch: "*" });
  const isKept = await refused(asking, () => client.send(complete), [412]).catch((error: unknown) => {
    if (statusOf(error) === 400 || statusOf(error) === 501) return false;
    throw error;
  });
  await refused(asking, () => client.send(new AbortMultipartUploadCommand({ ...at, UploadId })), [404]);
  return isKept;
};

const backstops = async (asking: Asking): Promise<string[]> => {
  const { client, address } = asking;
  const lacks: string[] = [];
  const Bucket = bucketName(address, "recordings");
  const rules = new GetBucketLifecycleConfigurationCommand({ Bucket });
  if (await refused(asking, () => client.send(rules), [404, 501]))
    lacks.push("it has no lifecycle rules as a backstop: `npm run prepare-objects` says whether it can");
  const versioning = await client.send(new GetBucketVersioningCommand({ Bucket })).catch(() => null);
  if (versioning?.Status === "Enabled") lacks.push("it keeps versions: each deletion removes all of them");
  return lacks;
};

/** Whether it answers with one of these. Throws for any other failure. */
const refused = async (
  { clock }: Asking,
  work: () => Promise<unknown>,
  statuses: readonly number[],
): Promise<boolean> => {
  try {
    await ask(clock, work);
    return false;
  } catch (error) {
    if (statuses.includes(statusOf(error) ?? 0)) return true;
    throw error;
  }
};
