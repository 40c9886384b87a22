/** Objects in a Map, signed URLs as random tickets in another. Deliberately unlike the real one. */
import { createHash, randomUUID } from "node:crypto";
import { AppError } from "#lib/errors.ts";
import type { ByteRange, ObjectHead, ObjectStore, SignedUrl } from "#lib/object-store/object-store.ts";

export type Kept = Map<string, { bytes: Uint8Array; head: ObjectHead }>;
export type Ticket = { url: string; until: number; filename?: string; put?: { sha256: string; content_type: string } };

export const mapObjects = (kept: Kept, now: () => number, tickets: Ticket[] = []) => {
  const name = (bucket: string, key: string): string => {
    const isKey = /^([a-z0-9][a-z0-9._-]*)(\/[a-z0-9_-][a-z0-9._-]*)*$/.test(key) && !key.includes("..");
    if (!isKey || bucket === "secrets") throw new AppError("malformed", "key");
    return `${bucket}:${key}`;
  };
  const cut = (bytes: Uint8Array, range?: ByteRange): Uint8Array => {
    if (range && (range.offset < 0 || range.offset > bytes.length)) throw new AppError("invalid", "range");
    return range ? bytes.slice(range.offset, range.offset + range.length) : bytes.slice();
  };
  const issue = (bucket: string, key: string, seconds: number, rest: Omit<Ticket, "url" | "until">): SignedUrl => {
    if (seconds > 600) throw new AppError("invalid", "life");
    const url = `/tickets/${bucket}/${key}?ticket=${randomUUID()}`;
    tickets.push({ url, until: now() + seconds * 1000, ...rest });
    const headers: Record<string, string> = rest.put ? { "content-type": rest.put.content_type } : {};
    return { url, headers, expires_at: new Date(now() + seconds * 1000) };
  };

  const store: ObjectStore = {
    put: async (bucket, key, bytes, { content_type, sha256 }) => {
      const at = name(bucket, key);
      const parts: Uint8Array[] = [];
      if (bytes instanceof Uint8Array) parts.push(bytes);
      else for await (const part of bytes) parts.push(part);
      const whole = Buffer.concat(parts);
      const hash = createHash("sha256").update(whole).digest("hex");
      if (sha256 !== undefined && sha256 !== hash) throw new AppError("invalid", "checksum");
      const before = kept.get(at);
      if (before && before.head.sha256 !== hash) throw new AppError("conflict", "there already");
      if (before) return before.head;
      const head = { bytes: whole.length, sha256: hash, content_type, stored_at: new Date(now()) };
      kept.set(at, { bytes: whole, head });
      return head;
    },
    get: async (bucket, key, range) => {
      const found = kept.get(name(bucket, key));
      return found ? cut(found.bytes, range) : null;
    },
    stream: async (bucket, key, range) => {
      const found = kept.get(name(bucket, key));
      return found ? new Blob([Buffer.from(cut(found.bytes, range))]).stream() : null;
    },
    head: async (bucket, key) => kept.get(name(bucket, key))?.head ?? null,
    delete: async (bucket, key) => void kept.delete(name(bucket, key)),
    list: async (bucket, prefix, after = "") =>
      [...kept]
        .filter(([at]) => at.startsWith(`${bucket}:${prefix}`))
        .map(([at, { bytes }]) => ({ key: at.slice(bucket.length + 1), bytes: bytes.length }))
        .filter(({ key }) => key > after)
        .sort((a, b) => (a.key < b.key ? -1 : 1))
        .slice(0, 1000),
    signedGet: async (bucket, key, { expires_in_seconds, ...rest }) => issue(bucket, key, expires_in_seconds, rest),
    signedPut: async (bucket, key, { expires_in_seconds, sha256, content_type }) =>
      issue(bucket, key, expires_in_seconds, { put: { sha256, content_type } }),
    close: async () => undefined,
  };

  const ask = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const ticket = tickets.find((issued) => issued.url === url && issued.until > now());
    const [, bucket = "", key = ""] = /^\/tickets\/([^/]+)\/([^?]+)/.exec(url) ?? [];
    const headers = new Headers(init.headers);
    const found = kept.get(`${bucket}:${key}`);
    if (!ticket || (init.method === "PUT") !== Boolean(ticket.put)) return new Response(null, { status: 403 });
    if (ticket.put) {
      if (headers.get("content-type") !== ticket.put.content_type) return new Response(null, { status: 403 });
      const bytes = new Uint8Array(init.body as Uint8Array<ArrayBuffer>);
      const status = await store.put(bucket as "clips", key, bytes, ticket.put).then(
        () => 200,
        (error: unknown) => (error instanceof AppError && error.code === "conflict" ? 409 : 422),
      );
      return new Response(null, { status });
    }
    if (!found) return new Response(null, { status: 404 });
    const [, from, to] = /bytes=(\d+)-(\d+)/.exec(headers.get("range") ?? "") ?? [];
    const answer = {
      "content-type": found.head.content_type,
      "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(ticket.filename ?? key)}`,
    };
    if (from === undefined) return new Response(Buffer.from(found.bytes), { headers: answer });
    const range = { "content-range": `bytes ${from}-${to}/${found.bytes.length}` };
    const part = Buffer.from(found.bytes.slice(Number(from), Number(to) + 1));
    return new Response(part, { status: 206, headers: { ...answer, ...range } });
  };
  const earlier = async (ms: number): Promise<ObjectStore> => mapObjects(kept, () => now() - ms, tickets).store;
  return { store, ask, earlier };
};
