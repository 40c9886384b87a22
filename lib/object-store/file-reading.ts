/** Bytes of a stored file, at once or as a stream. */
import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import type { ByteRange } from "#lib/object-store/object-store.ts";
import { damaged } from "./damaged.ts";

const CHUNK_BYTES = 256 * 1024;
// A link is nobody's object.
const READ = constants.O_RDONLY | constants.O_NOFOLLOW;

export const readPart = async (path: string, range: ByteRange): Promise<Uint8Array> => {
  const file = await open(path, READ);
  try {
    return await readBytes(file, range);
  } finally {
    await file.close();
  }
};

export const readBytes = async (file: FileHandle, { offset, length }: ByteRange): Promise<Uint8Array> => {
  const bytes = new Uint8Array(length);
  for (let read = 0; read < length;) {
    const { bytesRead } = await file.read(bytes, read, length - read, offset + read);
    if (bytesRead === 0) throw damaged();
    read += bytesRead;
  }
  return bytes;
};

/** Opens when first read: a stream that nobody reads holds no file. */
export const streamOf = (path: string, { offset, length }: ByteRange): ReadableStream<Uint8Array> => {
  let file: FileHandle | null = null;
  let at = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        file ??= await open(path, READ);
        const chunk = new Uint8Array(Math.min(CHUNK_BYTES, length - at));
        const { bytesRead } = await file.read(chunk, 0, chunk.byteLength, offset + at);
        at += bytesRead;
        if (bytesRead > 0) controller.enqueue(chunk.subarray(0, bytesRead));
        if (at < length && bytesRead > 0) return;
        await file.close();
        if (at < length) controller.error(damaged());
        else controller.close();
      },
      cancel: async () => file?.close(),
    },
    { highWaterMark: 0 },
  );
};
