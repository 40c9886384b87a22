/** Where an object lies below the folder of the file store. */
import { realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Bucket } from "#lib/object-store/object-store.ts";
import { checkKey } from "./object-key.ts";

/** `data` is the object's bytes and nothing else; `meta` beside it is what makes it exist. Keys never contain `@`. */
export type ObjectPaths = { folder: string; data: string; meta: string };

export const META_SUFFIX = "@meta";

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
