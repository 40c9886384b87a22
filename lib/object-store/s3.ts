/**
 * Objects on an S3, a bucket each. What is read and signed goes by `fetch`, as in a worker (`connect-worker.ts`); what is
 * written, listed and deleted goes by the AWS SDK. Why so: docs/adr/0022-objects-on-s3.md.
 */
import { ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import { AppError } from "#lib/errors.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import { checkKey, isKey } from "./object-key.ts";
import { bucketName, s3Address, type S3Address } from "./s3-address.ts";
import { probe, type Capabilities } from "./s3-capabilities.ts";
import { ask, s3Client } from "./s3-client.ts";
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
  const asking = { client, address, clock };
  const capabilities = onceDone(() => fitness(asking, options.say ?? (() => undefined)));
  const reading = s3Reading(access);
  const part_bytes = options.part_bytes ?? PART_BYTES;
  await startProbing(capabilities);
  return {
    ...reading,
    ...s3Writing({ ...asking, part_bytes, capabilities, head: reading.head }),
    ...s3SignedUrls(access),
    list: (bucket, prefix, after) => list(asking, bucketName(address, bucket), prefix, after),
    delete: async (bucket, key) => {
      checkKey(bucket, key);
      await removeEverything(client, { Bucket: bucketName(address, bucket), Key: key }, clock);
    },
    close: async () => client.destroy(),
  };
};

type Asking = { client: S3Client; address: S3Address; clock: () => Date };

const fitness = async (asking: Asking, say: (line: string) => void): Promise<Capabilities> => {
  const found = await probe(asking);
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

const list = async (
  { client, clock }: Asking,
  bucket: string,
  prefix: string,
  after = "",
): Promise<{ key: string; bytes: number }[]> => {
  for (let from = after; ;) {
    const behind = from === "" ? {} : { StartAfter: from };
    const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: PAGE, ...behind });
    const page = await ask(clock, () => client.send(command));
    const all = (page.Contents ?? []).map(({ Key = "", Size = 0 }) => ({ key: Key, bytes: Size }));
    const ours = all.filter(({ key }) => isKey(key));
    // A page of somebody else's keys alone is not the end.
    if (ours.length > 0 || page.IsTruncated !== true) return ours;
    from = all.at(-1)?.key ?? from;
  }
};
