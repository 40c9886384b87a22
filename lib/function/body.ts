/** Bytes of a request, counted as they come. */
import { AppError } from "#lib/errors.ts";

export const DEFAULT_BODY_BYTES = 1024 * 1024;

/**
 * Throws `too_large` before more than `limit` bytes are in memory. A `Content-Length` only decides early, and which way
 * is quicker: the HTTP server reads no more than it says; without one the chunks are counted.
 */
export const readBody = async (request: Request, limit: number): Promise<Uint8Array> => {
  const encoding = request.headers.get("content-encoding");
  if (encoding && encoding !== "identity") {
    throw new AppError("unsupported_media", "Compressed bodies are not taken", { reason: "body.encoding" });
  }
  const stated = request.headers.get("content-length");
  if (stated !== null && Number(stated) > limit) throw tooLarge(limit);
  const bytes = stated === null ? await countedBytes(request.body, limit) : new Uint8Array(await request.arrayBuffer());
  if (bytes.byteLength > limit) throw tooLarge(limit);
  return bytes;
};

const countedBytes = async (body: ReadableStream<Uint8Array> | null, limit: number): Promise<Uint8Array> => {
  if (!body) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    size += read.value.byteLength;
    if (size > limit) {
      await reader.cancel().catch(() => undefined);
      throw tooLarge(limit);
    }
    chunks.push(read.value);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
};

const tooLarge = (limit: number): AppError =>
  new AppError("too_large", "The body is too large", { params: { limit_bytes: limit } });

/** `application/json; charset=utf-8` → `application/json` */
export const essenceOf = (contentType: string | null): string =>
  (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
