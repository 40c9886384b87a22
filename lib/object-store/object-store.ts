/**
 * Write-once objects in a handful of buckets.
 *
 * Promises of every adapter (`test/contracts/object-store.test.ts`):
 * - `put` resolves when the bytes are durable; a key is written once: a second `put` with the same bytes is a success,
 *   with others it throws `conflict`. A reader never sees half an object.
 * - `get`/`head` of what is not there answer `null`.
 * - `delete` of what is not there succeeds.
 * - Keys match `[a-z0-9][a-z0-9/._-]*`, without `..`; anything else throws `malformed`.
 */
export const buckets = ["recordings", "clips", "lpr-images", "thumbnails", "backups"] as const;
export type Bucket = (typeof buckets)[number];

export type ObjectHead = { bytes: number; sha256: string; content_type: string; stored_at: Date };
export type ByteRange = { offset: number; length: number };
export type PutOptions = {
  content_type: string;
  /** Lower-case hex. Given: refused with `invalid` when the bytes say otherwise. */
  sha256?: string;
};
/** `url` is absolute or starts with `/` (served by the host itself); usable until `expires_at` (≤ 10 min). */
export type SignedUrl = { url: string; headers: Record<string, string>; expires_at: Date };

export type ObjectStore = {
  put(
    bucket: Bucket,
    key: string,
    bytes: Uint8Array | AsyncIterable<Uint8Array>,
    options: PutOptions,
  ): Promise<ObjectHead>;
  get(bucket: Bucket, key: string, range?: ByteRange): Promise<Uint8Array | null>;
  /** For what does not fit in memory. */
  stream(bucket: Bucket, key: string, range?: ByteRange): Promise<ReadableStream<Uint8Array> | null>;
  head(bucket: Bucket, key: string): Promise<ObjectHead | null>;
  delete(bucket: Bucket, key: string): Promise<void>;
  /** Ascending by key, at most 1000; `after` is the last key of the page before. */
  list(bucket: Bucket, prefix: string, after?: string): Promise<{ key: string; bytes: number }[]>;
  /** A URL that lets its bearer read this one object. `filename` makes the browser save it under that name. */
  signedGet(
    bucket: Bucket,
    key: string,
    options: { expires_in_seconds: number; filename?: string },
  ): Promise<SignedUrl>;
  /** A URL that lets its bearer store exactly these bytes: key, length, type and checksum are bound. */
  signedPut(
    bucket: Bucket,
    key: string,
    options: { expires_in_seconds: number; bytes: number; sha256: string; content_type: string },
  ): Promise<SignedUrl>;
  close(): Promise<void>;
};
