/**
 * Objects on an S3, a bucket each. What is read and signed goes by `fetch`, as in a worker (`connect-worker.ts`); what is
 * written, listed and deleted goes by the AWS SDK. Why so: docs/adr/0020-objects-on-s3.md.
 */
import { HeadBucketCommand, ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import { AppError } from "#lib/errors.ts";
import type { Bucket, ObjectStore } from "#lib/object-store/object-store.ts";
import { checkKey, isKey } from "./object-key.ts";
import { bucketName, s3Address, type S3Address } from "./s3-address.ts";
import { probe, type Capabilities } from "./s3-capabilities.ts";
import { s3Client, sdkError } from "./s3-client.ts";
import { s3Reading, s3SignedUrls } from "./s3-reading.ts";
import { removeEverything } from "./s3-removing.ts";
import { PART_BYTES, s3Writing } from "./s3-writing.ts";

export type S3StoreOptions = {
  clock?: () => Date;
  /** Hears in sentences what the server cannot do. */
  say?: (line: string) => void;
  /** Larger objects go in parts of this size; an S3 takes none below 5 MiB. */
  part_bytes?: number;
  /** How long nothing may come before a line counts as dead. */
  patience_ms?: number;
};

/** A server that is away must not keep a process from starting. */
const WAIT_FOR_PROBE_MS = 5000;
const PAGE = 1000;

/** Throws when the server answers and cannot keep our promises; a server that does not answer is waited for by each `put`. */
export const s3Store = async (url: string, options: S3StoreOptions = {}): Promise<ObjectStore> => {
  const clock = options.clock ?? (() => new Date());
  const address = s3Address(url);
  const { client, access } = s3Client(address, clock, options.patience_ms);
  const capabilities = onceDone(() => fitness(client, address, clock, options.say ?? (() => undefined)));
  const there = new Map<Bucket, Promise<void>>();
  const bucketIsThere = (bucket: Bucket): Promise<void> => {
    const known = there.get(bucket) ?? mustExist(client, address, bucket, clock);
    there.set(bucket, known);
    known.catch(() => there.delete(bucket));
    return known;
  };
  const reading = s3Reading(access, bucketIsThere);
  const part_bytes = options.part_bytes ?? PART_BYTES;
  await startProbing(capabilities);
  return {
    ...reading,
    ...s3Writing({ client, address, clock, part_bytes, capabilities, head: reading.head }),
    ...s3SignedUrls(access),
    list: (bucket, prefix, after) => list(client, { bucket: bucketName(address, bucket), prefix, after }, clock),
    delete: async (bucket, key) => {
      checkKey(bucket, key);
      const at = { Bucket: bucketName(address, bucket), Key: key };
      await removeEverything(client, at).catch((error: unknown) => {
        throw sdkError(error, clock());
      });
    },
    close: async () => client.destroy(),
  };
};

const fitness = async (
  client: S3Client,
  address: S3Address,
  clock: () => Date,
  say: (line: string) => void,
): Promise<Capabilities> => {
  const found = await probe(client, address, clock);
  for (const words of found.lacks) say(`The object store: ${words}`);
  if (found.refusals.length === 0) return found;
  throw new AppError("unavailable", `The object store cannot be used: ${found.refusals.join("; ")}`, {
    reason: UNFIT,
    retry_after_seconds: 60,
  });
};
const UNFIT = "object.unfit_store";

const startProbing = async (capabilities: () => Promise<Capabilities>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => void (timer = setTimeout(() => resolve(null), WAIT_FOR_PROBE_MS)));
  const probing = capabilities().catch((error: unknown) => {
    if (error instanceof AppError && error.reason === UNFIT) throw error;
    return null;
  });
  await Promise.race([probing, late]).finally(() => clearTimeout(timer));
};

/** One attempt for all who ask meanwhile; one that failed is forgotten. */
const onceDone = <R>(work: () => Promise<R>): (() => Promise<R>) => {
  let done: Promise<R> | null = null;
  return () => {
    if (done) return done;
    const own = work();
    done = own;
    own.catch(() => (done = null));
    return own;
  };
};

const mustExist = async (client: S3Client, address: S3Address, bucket: Bucket, clock: () => Date): Promise<void> => {
  await client.send(new HeadBucketCommand({ Bucket: bucketName(address, bucket) })).catch((error: unknown) => {
    const refusal = sdkError(error, clock());
    if (refusal.params["status"] !== 404) throw refusal;
    throw new AppError("unavailable", "A bucket is not there", { reason: "object.no_bucket", retry_after_seconds: 60 });
  });
};

const list = async (
  client: S3Client,
  { bucket, prefix, after = "" }: { bucket: string; prefix: string; after: string | undefined },
  clock: () => Date,
): Promise<{ key: string; bytes: number }[]> => {
  for (let from = after; ;) {
    const page = await client
      .send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: prefix,
          MaxKeys: PAGE,
          ...(from === "" ? {} : { StartAfter: from }),
        }),
      )
      .catch((error: unknown) => {
        throw sdkError(error, clock());
      });
    const all = (page.Contents ?? []).map(({ Key = "", Size = 0 }) => ({ key: Key, bytes: Size }));
    const ours = all.filter(({ key }) => isKey(key));
    // A page of somebody else's keys alone is not the end.
    if (ours.length > 0 || page.IsTruncated !== true) return ours;
    from = all.at(-1)?.key ?? from;
  }
};
