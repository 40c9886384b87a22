/** Where an object lies below the folder of the file store, and what a key may look like. */
import { realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError } from "#lib/errors.ts";
import { buckets, type Bucket } from "#lib/object-store/object-store.ts";

/** `data` is the object's bytes and nothing else; `meta` beside it is what makes it exist. Keys never contain `@`. */
export type ObjectPaths = { folder: string; data: string; meta: string };

export const META_SUFFIX = "@meta";
const MAX_KEY_LENGTH = 512;
const MAX_NAME_LENGTH = 200;

export const checkKey = (bucket: string, key: string): void => {
  const names = key.split("/");
  const isForm = /^[a-z0-9][a-z0-9/._-]*$/.test(key) && key.length <= MAX_KEY_LENGTH;
  // `a//b` and `a/./b` would be second names of `a/b`.
  const isPlain = names.every((name) => name !== "" && name !== "." && name.length <= MAX_NAME_LENGTH);
  if (!isForm || !isPlain || key.includes(".."))
    throw new AppError("malformed", "This is no object key", { reason: "object.key" });
  if (!(buckets as readonly string[]).includes(bucket))
    throw new AppError("malformed", "There is no such bucket", { reason: "object.bucket" });
};

export const pathsOf = (root: string, bucket: Bucket, key: string): ObjectPaths => {
  checkKey(bucket, key);
  const data = join(root, bucket, ...key.split("/"));
  return { folder: dirname(data), data, meta: data + META_SUFFIX };
};

/** `false` when the folder is not there, or when a link leads elsewhere on the way to it. */
export const isOwnFolder = async (folder: string): Promise<boolean> => {
  try {
    return (await realpath(folder)) === folder;
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR", "ELOOP")) return false;
    throw error;
  }
};

export const isErrno = (error: unknown, ...codes: string[]): boolean =>
  error instanceof Error && "code" in error && codes.includes(String(error.code));
