/** Durable writing: bytes first to a file of their own, then made visible in one step, then the folder made durable. */
import { createHash, randomUUID } from "node:crypto";
import { link, mkdir, open, rename, rm, rmdir, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError } from "#lib/errors.ts";
import { isErrno } from "./file-paths.ts";

export type Staged = { path: string; bytes: number; sha256: string };

const CHECK_SPACE_EVERY_BYTES = 8 * 1024 * 1024;

export const diskFull = (cause?: unknown): AppError =>
  new AppError("unavailable", "There is no space left for objects", {
    reason: "object.disk_full",
    retry_after_seconds: 10,
    cause,
  });

/** Throws `unavailable` where less than `reserveBytes` would stay free. */
export const checkSpace = async (folder: string, reserveBytes: number, moreBytes: number): Promise<void> => {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize - moreBytes < reserveBytes) throw diskFull();
};

/** Writes to a new file of `folder`, durable when it resolves; leaves nothing behind when it throws. */
export const stage = async (
  folder: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  reserveBytes: number,
): Promise<Staged> => {
  const path = join(folder, randomUUID());
  const hash = createHash("sha256");
  let bytes = 0;
  let checkedAt = -Infinity;
  try {
    const file = await open(path, "wx", 0o600);
    try {
      for await (const chunk of chunks) {
        if (bytes + chunk.byteLength - checkedAt > CHECK_SPACE_EVERY_BYTES) {
          await checkSpace(folder, reserveBytes, chunk.byteLength);
          checkedAt = bytes;
        }
        hash.update(chunk);
        await writeAll(file, chunk);
        bytes += chunk.byteLength;
      }
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await rm(path, { force: true });
    throw isErrno(error, "ENOSPC", "EDQUOT") ? diskFull(error) : error;
  }
  return { path, bytes, sha256: hash.digest("hex") };
};

/** `write` may take less than it was given. */
export const writeAll = async (file: Awaited<ReturnType<typeof open>>, chunk: Uint8Array): Promise<void> => {
  for (let written = 0; written < chunk.byteLength;)
    written += (await file.write(chunk, written, chunk.byteLength - written)).bytesWritten;
};

/** Gives a staged file its name. `false`: the name is taken, by whatever it may be. */
export const linkNew = async (from: string, to: string): Promise<boolean> => {
  for (let tries = 0; ; tries++) {
    await makeFolder(dirname(to));
    try {
      await link(from, to);
      return true;
    } catch (error) {
      if (isErrno(error, "EEXIST")) return false;
      // A deletion took the emptied folder away in between.
      if (!isErrno(error, "ENOENT") || tries === 5) throw isErrno(error, "ENOSPC", "EDQUOT") ? diskFull(error) : error;
    }
  }
};

export const replace = async (from: string, to: string): Promise<void> => {
  await rename(from, to);
  await syncFolder(dirname(to));
};

/** A new folder is durable when each folder above it that got an entry is. */
export const makeFolder = async (folder: string): Promise<void> => {
  let first: string | undefined;
  try {
    first = await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    if (isErrno(error, "ENOTDIR", "EEXIST"))
      throw new AppError("conflict", "A part of this key is an object itself", { reason: "object.key_is_folder" });
    throw isErrno(error, "ENOSPC", "EDQUOT") ? diskFull(error) : error;
  }
  for (let at = folder; first !== undefined && at.length >= first.length; at = dirname(at))
    await syncFolder(dirname(at));
};

export const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Takes emptied folders away up to, but not including, `root`. */
export const pruneFolders = async (folder: string, root: string): Promise<void> => {
  for (let at = folder; at.length > root.length && at.startsWith(root); at = dirname(at)) {
    try {
      await rmdir(at);
    } catch (error) {
      if (isErrno(error, "ENOTEMPTY", "EEXIST", "ENOENT", "EBUSY")) return;
      throw error;
    }
  }
};
