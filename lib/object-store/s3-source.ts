/** What is to be stored, hashed before the first byte is sent and readable again for another attempt. */
import { createHash, randomUUID } from "node:crypto";
import { open, rm, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isErrno } from "./file-paths.ts";
import { readBytes } from "./file-reading.ts";
import { diskFull, writeAll } from "./file-writing.ts";

export type Source = {
  bytes: number;
  sha256: string;
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
};

/** What comes in pieces is kept in memory up to `memory_bytes`, beyond in a file without a name that nobody finds after a crash. */
export const sourceOf = async (
  bytes: Uint8Array | AsyncIterable<Uint8Array>,
  memory_bytes: number,
): Promise<Source> => {
  if (bytes instanceof Uint8Array) return memorySource(bytes, createHash("sha256").update(bytes).digest("hex"));
  const hash = createHash("sha256");
  const kept: Uint8Array[] = [];
  let file: FileHandle | null = null;
  let size = 0;
  try {
    for await (const chunk of bytes) {
      hash.update(chunk);
      size += chunk.byteLength;
      if (file) await writeAll(file, chunk);
      // A copy: whoever made the piece may use its memory again.
      else kept.push(chunk.slice());
      if (!file && size > memory_bytes) {
        file = await namelessFile();
        for (const one of kept.splice(0)) await writeAll(file, one);
      }
    }
  } catch (error) {
    await file?.close();
    throw isErrno(error, "ENOSPC", "EDQUOT") ? diskFull(error) : error;
  }
  const sha256 = hash.digest("hex");
  return file ? fileSource(file, size, sha256) : memorySource(Buffer.concat(kept), sha256);
};

const memorySource = (bytes: Uint8Array, sha256: string): Source => ({
  bytes: bytes.byteLength,
  sha256,
  read: async (offset, length) => bytes.subarray(offset, offset + length),
  close: async () => undefined,
});

const fileSource = (file: FileHandle, bytes: number, sha256: string): Source => ({
  bytes,
  sha256,
  read: (offset, length) => readBytes(file, { offset, length }),
  close: () => file.close(),
});

const namelessFile = async (): Promise<FileHandle> => {
  const path = join(tmpdir(), `gt-object-${randomUUID()}`);
  const file = await open(path, "wx+", 0o600);
  await rm(path);
  return file;
};
