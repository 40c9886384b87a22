/**
 * AWS Signature Version 4, in a header or in a URL, on WebCrypto: a worker has it too. The AWS SDK's own would bring the rest of
 * it along, 0.9 MB of bundle and 0.11 s of CPU at each start (docs/adr/0022-objects-on-s3.md).
 */
import type { S3Credentials } from "./s3-address.ts";

export type Signer = { credentials: S3Credentials; region: string; at: Date };
export type ToSign = {
  method: string;
  url: URL;
  /** All of them are signed; `host` is added. */
  headers: Record<string, string>;
};

const ALGORITHM = "AWS4-HMAC-SHA256";
export const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";

/** Answers the headers to send, the given ones included. `payload_sha256`: lower-case hex, or `UNSIGNED_PAYLOAD`. */
export const signHeaders = async (
  signer: Signer,
  asked: ToSign,
  payload_sha256: string,
): Promise<Record<string, string>> => {
  const { session_token } = signer.credentials;
  const headers: Record<string, string> = {
    ...asked.headers,
    "x-amz-date": stampOf(signer.at),
    "x-amz-content-sha256": payload_sha256,
    ...(session_token === undefined ? {} : { "x-amz-security-token": session_token }),
  };
  const { names, signature } = await sign(signer, { ...asked, headers }, payload_sha256);
  const credential = `${signer.credentials.access_key}/${scopeOf(signer)}`;
  return {
    ...headers,
    authorization: `${ALGORITHM} Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`,
  };
};

/** A URL for who has nothing else. Its bearer must send exactly the given headers. */
export const signUrl = async (signer: Signer, asked: ToSign, expires_in_seconds: number): Promise<string> => {
  const { access_key, session_token } = signer.credentials;
  const url = new URL(asked.url);
  const query = {
    "X-Amz-Algorithm": ALGORITHM,
    "X-Amz-Credential": `${access_key}/${scopeOf(signer)}`,
    "X-Amz-Date": stampOf(signer.at),
    "X-Amz-Expires": String(expires_in_seconds),
    "X-Amz-SignedHeaders": signedNames(asked.headers).join(";"),
    ...(session_token === undefined ? {} : { "X-Amz-Security-Token": session_token }),
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const { signature } = await sign(signer, { ...asked, url }, UNSIGNED_PAYLOAD);
  // As it was signed: URLSearchParams writes a space as `+`, which is not what servers count.
  url.search = `${canonicalQuery(url)}&X-Amz-Signature=${signature}`;
  return url.href;
};

const sign = async (
  signer: Signer,
  { method, url, headers }: ToSign,
  payload: string,
): Promise<{ names: string; signature: string }> => {
  const names = signedNames(headers);
  const all: Record<string, string> = { ...headers, host: url.host };
  const lines = names.map((name) => `${name}:${(all[name] ?? "").trim().replaceAll(/ +/g, " ")}\n`);
  const signed = names.join(";");
  const request = [method, url.pathname, canonicalQuery(url), lines.join(""), signed, payload].join("\n");
  const text = [ALGORITHM, stampOf(signer.at), scopeOf(signer), hex(await sha256(request))].join("\n");
  return { names: signed, signature: hex(await hmac(await keyOf(signer), text)) };
};

const signedNames = (headers: Record<string, string>): string[] =>
  [...Object.keys(headers), "host"].toSorted((a, b) => (a < b ? -1 : 1));

const canonicalQuery = ({ searchParams }: URL): string =>
  [...searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .toSorted((a, b) => (a < b ? -1 : 1))
    .join("&");

const encode = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** `20260304T120000Z` */
const stampOf = (at: Date): string => `${at.toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
const dayOf = (at: Date): string => stampOf(at).slice(0, 8);
const scopeOf = ({ region, at }: Signer): string => `${dayOf(at)}/${region}/s3/aws4_request`;

const keyOf = async ({ credentials, region, at }: Signer): Promise<Uint8Array<ArrayBuffer>> => {
  let key: Uint8Array<ArrayBuffer> = new TextEncoder().encode(`AWS4${credentials.secret_key}`);
  for (const part of [dayOf(at), region, "s3", "aws4_request"]) key = await hmac(key, part);
  return key;
};

const hmac = async (key: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array<ArrayBuffer>> => {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, new TextEncoder().encode(text)));
};
const sha256 = async (text: string): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
