/** RTSP 1.0 on a TCP connection (RFC 2326): messages and interleaved packets come through one stream of bytes. */
import { createHash } from "node:crypto";

/** `start`: request or status line. Names of headers in small letters; of equal ones the first counts. */
export type RtspMessage = { start: string; headers: Map<string, string>; challenges: string[]; body: string };

export type RtspSplitter = {
  /** Throws `SyntaxError` for what is not RTSP. */
  push(chunk: Buffer): void;
};

const HEAD_LIMIT = 64 * 1024;
const BODY_LIMIT = 256 * 1024;
const DOLLAR = 0x24;
export const INTERLEAVED_HEAD_BYTES = 4;
const EMPTY: Buffer = Buffer.alloc(0);

/** `frame` is told where an interleaved packet lies, its head of four bytes left out. The bytes are gone when it returns. */
type OnFrame = (channel: number, data: Buffer, from: number, to: number) => void;

export const rtspSplitter = (on: { message(message: RtspMessage): void; frame: OnFrame }): RtspSplitter => {
  let rest = EMPTY;
  const take = (data: Buffer): void => {
    let at = 0;
    while (at < data.length) {
      const taken = data[at] === DOLLAR ? takeFrame(data, at, on.frame) : takeMessage(data.subarray(at), on.message);
      if (taken === 0) break;
      at += taken;
    }
    // Whoever hands in bytes may use their place again.
    rest = at === data.length ? EMPTY : Buffer.from(data.subarray(at));
  };
  return {
    push(chunk) {
      if (rest.length === 0) return take(chunk);
      // Only the frame that was cut is put together, not all that came with its second part.
      const missing = missingOf(rest);
      if (missing === 0 || missing >= chunk.length) return take(Buffer.concat([rest, chunk]));
      const whole = Buffer.concat([rest, chunk.subarray(0, missing)]);
      rest = EMPTY;
      take(whole);
      take(chunk.subarray(missing));
    },
  };
};

/** Bytes until the frame that begins here is whole; 0 when that is not known yet. */
const missingOf = (data: Buffer): number =>
  data[0] === DOLLAR && data.length >= INTERLEAVED_HEAD_BYTES
    ? INTERLEAVED_HEAD_BYTES + data.readUInt16BE(2) - data.length
    : 0;

const takeFrame = (data: Buffer, at: number, onFrame: OnFrame): number => {
  const from = at + INTERLEAVED_HEAD_BYTES;
  if (data.length < from) return 0;
  const to = from + data.readUInt16BE(at + 2);
  if (data.length < to) return 0;
  onFrame(data[at + 1] ?? 0, data, from, to);
  return to - at;
};

const takeMessage = (data: Buffer, onMessage: (message: RtspMessage) => void): number => {
  // Some cameras end a body with a line more than they said.
  if (data[0] === 0x0d || data[0] === 0x0a) return 1;
  const end = data.indexOf("\r\n\r\n");
  if (end < 0) {
    const looksRight = /^[A-Z_]{1,20}(\/| |$)/.test(data.toString("latin1", 0, 21));
    if (data.length > HEAD_LIMIT || !looksRight) throw new SyntaxError("This is not RTSP");
    return 0;
  }
  const [start = "", ...lines] = data.toString("latin1", 0, end).split("\r\n");
  if (!/^(RTSP\/1\.0 \d{3}|[A-Z_]+ \S+ RTSP\/1\.0)/.test(start)) throw new SyntaxError("This is not RTSP");
  const headers = new Map<string, string>();
  const challenges: string[] = [];
  for (const line of lines) {
    const cut = line.indexOf(":");
    if (cut <= 0) continue;
    const name = line.slice(0, cut).trim().toLowerCase();
    const value = line.slice(cut + 1).trim();
    if (name === "www-authenticate") challenges.push(value);
    if (!headers.has(name)) headers.set(name, value);
  }
  const length = Number(headers.get("content-length") ?? 0);
  if (!Number.isInteger(length) || length < 0 || length > BODY_LIMIT) throw new SyntaxError("This is not RTSP");
  const bodyAt = end + 4;
  if (data.length < bodyAt + length) return 0;
  onMessage({ start, headers, challenges, body: data.toString("latin1", bodyAt, bodyAt + length) });
  return bodyAt + length;
};

export const statusOf = ({ start }: RtspMessage): number => Number(start.split(" ")[1]);

/** Values of `name="value"` or `name=value` in a challenge or an authorisation. */
export const authParts = (text: string): Map<string, string> =>
  new Map(
    [...text.matchAll(/(\w+)=(?:"([^"]*)"|([^\s,]+))/g)].map(([, name = "", quoted, plain]) => [
      name.toLowerCase(),
      quoted ?? plain ?? "",
    ]),
  );

export type Credentials = { username: string; password: string };

/** RFC 7616 (MD5 and SHA-256, with `qop=auth` or without). */
export const digestResponse = (
  { username, password }: Credentials,
  request: { method: string; uri: string },
  parts: ReadonlyMap<string, string>,
  cnonce: string,
): string => {
  const sha256 = /^sha-256/i.test(parts.get("algorithm") ?? "");
  const hash = (text: string): string =>
    createHash(sha256 ? "sha256" : "md5")
      .update(text)
      .digest("hex");
  const first = hash(`${username}:${parts.get("realm") ?? ""}:${password}`);
  const second = hash(`${request.method}:${request.uri}`);
  const nonce = parts.get("nonce") ?? "";
  return parts.has("qop")
    ? hash(`${first}:${nonce}:00000001:${cnonce}:auth:${second}`)
    : hash(`${first}:${nonce}:${second}`);
};
