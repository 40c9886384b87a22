/**
 * The object store of one machine: a folder.
 *
 * `<folder>/<bucket>/<key>` holds an object's bytes and nothing else, so that a recording can be played or copied as it
 * lies there; `<key>@meta` beside it holds type, length and SHA-256 and is written last: an object exists when both do.
 * What a crash leaves between the two was never acknowledged, is not visible and is replaced by the next `put`.
 * One process writes into a folder.
 */
import { constants } from "node:fs";
import { lstat, mkdir, open, readdir, realpath, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { AppError } from "#lib/errors.ts";
import {
  buckets,
  type Bucket,
  type ByteRange,
  type ObjectHead,
  type ObjectStore,
  type PutOptions,
} from "#lib/object-store/object-store.ts";
import type { Keys } from "#lib/secrets/keys.ts";
import { keysFrom } from "./file-listing.ts";
import { damaged } from "./damaged.ts";
import { readPart, streamOf } from "./file-reading.ts";
import { within } from "./ranges.ts";
import { isErrno, isOwnFolder, pathsOf, type ObjectPaths } from "./file-paths.ts";
import {
  checkSpace,
  linkNew,
  makeFolder,
  pruneFolders,
  replace,
  stage,
  syncFolder,
  type Staged,
} from "./file-writing.ts";
import { signGet, signPut } from "./signatures.ts";

export type FileStoreOptions = {
  keys: Pick<Keys, "mac">;
  clock?: () => Date;
  /** `put` answers `unavailable` where less would stay free. Default 0. */
  reserve_bytes?: number;
  /** Goes before `/objects/…` in signed URLs. Default none: the URL starts with `/`. */
  base_url?: string;
};

const Meta = z.object({
  bytes: z.number(),
  sha256: z.string(),
  content_type: z.string(),
  stored_at: z.iso.datetime().transform((text) => new Date(text)),
});
const STAGING = ".staging";
const ABANDONED_AFTER_MS = 10 * 60_000;
const PAGE = 1000;

export const fileStore = async (folder: string, options: FileStoreOptions): Promise<ObjectStore> => {
  for (const name of [...buckets, STAGING]) await mkdir(join(folder, name), { recursive: true, mode: 0o700 });
  const root = await realpath(folder);
  await removeAbandoned(join(root, STAGING));
  const clock = options.clock ?? (() => new Date());
  const signing = { keys: options.keys, clock, base_url: options.base_url ?? "" };
  return {
    ...reading(root),
    ...writing(root, options.reserve_bytes ?? 0, clock),
    list: async (bucket, prefix, after = "") => {
      const page: { key: string; bytes: number }[] = [];
      for await (const entry of keysFrom(join(root, bucket), "", prefix, after)) {
        page.push(entry);
        if (page.length === PAGE) break;
      }
      return page;
    },
    signedGet: (bucket, key, how) => signGet(signing, bucket, key, how),
    signedPut: (bucket, key, how) => signPut(signing, bucket, key, how),
    close: async () => undefined,
  };
};

const reading = (root: string): Pick<ObjectStore, "head" | "get" | "stream"> => {
  const head = async (bucket: Bucket, key: string): Promise<ObjectHead | null> => {
    const paths = pathsOf(root, bucket, key);
    return (await isOwnFolder(paths.folder)) ? readHead(paths) : null;
  };
  const part = async (bucket: Bucket, key: string, range?: ByteRange) => {
    const found = await head(bucket, key);
    return found && { path: pathsOf(root, bucket, key).data, ...within(found.bytes, range) };
  };
  return {
    head,
    get: async (bucket, key, range) => {
      const wanted = await part(bucket, key, range);
      return wanted && readPart(wanted.path, wanted);
    },
    stream: async (bucket, key, range) => {
      const wanted = await part(bucket, key, range);
      return wanted && streamOf(wanted.path, wanted);
    },
  };
};

const writing = (root: string, reserve: number, clock: () => Date): Pick<ObjectStore, "put" | "delete"> => {
  const staging = join(root, STAGING);
  const alone = oneAtATime();

  const commit = async (paths: ObjectPaths, staged: Staged, type: string): Promise<ObjectHead> => {
    await makeFolder(paths.folder);
    if (!(await isOwnFolder(paths.folder)))
      throw new AppError("conflict", "A link stands in the way of this key", { reason: "object.link" });
    const before = await readHead(paths);
    if (before && before.sha256 === staged.sha256) return before;
    if (before) throw new AppError("conflict", "Other bytes are stored under this key", { reason: "object.exists" });
    const { path, ...facts } = staged;
    const meta = { ...facts, content_type: type, stored_at: clock() };
    const record = await stage(staging, [Buffer.from(JSON.stringify(meta))], reserve);
    try {
      await rm(paths.meta, { force: true });
      if (!(await linkNew(path, paths.data))) await replaceLeftover(path, paths.data);
      if (!(await linkNew(record.path, paths.meta))) await replace(record.path, paths.meta);
      await syncFolder(paths.folder);
    } finally {
      await rm(record.path, { force: true });
    }
    return meta;
  };

  const remove = async (bucket: Bucket, key: string): Promise<void> => {
    const paths = pathsOf(root, bucket, key);
    if (!(await isOwnFolder(paths.folder))) return;
    await rm(paths.meta, { force: true });
    const found = await lstat(paths.data).catch(() => null);
    if (found && !found.isDirectory()) await rm(paths.data, { force: true });
    await syncFolder(paths.folder).catch((error: unknown) => {
      // The deletion of a neighbour has taken the emptied folder away.
      if (!isErrno(error, "ENOENT")) throw error;
    });
    await pruneFolders(paths.folder, join(root, bucket));
  };

  return {
    put: async (bucket, key, bytes, { content_type, sha256 }: PutOptions) => {
      const paths = pathsOf(root, bucket, key);
      await checkSpace(staging, reserve, bytes instanceof Uint8Array ? bytes.byteLength : 0);
      const staged = await stage(staging, bytes instanceof Uint8Array ? [bytes] : bytes, reserve);
      try {
        if (sha256 !== undefined && sha256 !== staged.sha256)
          throw new AppError("invalid", "The bytes do not have this checksum", { reason: "object.checksum" });
        return await alone(`${bucket}/${key}`, () => commit(paths, staged, content_type));
      } finally {
        await rm(staged.path, { force: true });
      }
    },
    delete: (bucket, key) => alone(`${bucket}/${key}`, () => remove(bucket, key)),
  };
};

const readHead = async ({ data, meta }: ObjectPaths): Promise<ObjectHead | null> => {
  try {
    const file = await open(meta, constants.O_RDONLY | constants.O_NOFOLLOW);
    const record = await file.readFile("utf8").finally(() => file.close());
    const found = await lstat(data);
    if (!found.isFile()) return null;
    const parsed = Meta.safeParse(JSON.parse(record));
    if (!parsed.success || parsed.data.bytes !== found.size) throw damaged();
    return parsed.data;
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR", "ELOOP", "EISDIR")) return null;
    throw error instanceof SyntaxError ? damaged() : error;
  }
};

/** What has no record was never acknowledged. A folder or a link is nobody's leftover. */
const replaceLeftover = async (from: string, to: string): Promise<void> => {
  const found = await lstat(to).catch(() => null);
  if (found?.isDirectory())
    throw new AppError("conflict", "This key is a part of others", { reason: "object.key_is_folder" });
  if (found && !found.isFile()) throw new AppError("conflict", "A link stands there", { reason: "object.link" });
  await replace(from, to);
};

/** Work on the same name waits for what was started before it. */
const oneAtATime = () => {
  const last = new Map<string, Promise<unknown>>();
  return async <R>(name: string, work: () => Promise<R>): Promise<R> => {
    const before = last.get(name) ?? Promise.resolve();
    const own = before.then(work, work);
    last.set(name, own);
    try {
      return await own;
    } finally {
      if (last.get(name) === own) last.delete(name);
    }
  };
};

const removeAbandoned = async (staging: string): Promise<void> => {
  for (const name of await readdir(staging)) {
    const path = join(staging, name);
    const found = await stat(path).catch(() => null);
    if (found && Date.now() - found.mtimeMs > ABANDONED_AFTER_MS) await rm(path, { force: true });
  }
};
