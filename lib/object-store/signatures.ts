/** URLs that carry the right to one object: `/objects/<bucket>/<key>?exp=…&kid=…&mac=…`. */
import { AppError } from "#lib/errors.ts";
import type { Bucket, SignedUrl } from "#lib/object-store/object-store.ts";
import type { Keys } from "#lib/secrets/keys.ts";
import { checkKey } from "./object-key.ts";

export type Signing = { keys: Pick<Keys, "mac">; clock: () => Date; base_url: string };

/** The bound values, in the order in which they are signed. */
const GET_NAMES = ["exp", "filename"] as const;
const PUT_NAMES = ["exp", "bytes", "sha256", "type"] as const;

const MAX_LIFE_SECONDS = 600;

export const checkLife = (seconds: number): void => {
  if (!(seconds > 0 && seconds <= MAX_LIFE_SECONDS))
    throw new AppError("invalid", "A signed URL lives at most 10 min", { reason: "object.url_life" });
};

export const checkUpload = ({ bytes, sha256 }: { bytes: number; sha256: string }): void => {
  if (!Number.isSafeInteger(bytes) || bytes < 0 || !/^[0-9a-f]{64}$/.test(sha256))
    throw new AppError("invalid", "Length or checksum is malformed", { reason: "object.checksum" });
};

/** JSON, so that no value can pass for two. */
const textOf = (method: "GET" | "PUT", bucket: string, key: string, query: URLSearchParams): string => {
  const names = method === "GET" ? GET_NAMES : PUT_NAMES;
  return JSON.stringify(["objects", method, bucket, key, ...names.map((name) => query.get(name))]);
};

const sign = async (
  { keys, clock, base_url }: Signing,
  method: "GET" | "PUT",
  bucket: Bucket,
  key: string,
  seconds: number,
  values: Record<string, string>,
): Promise<Omit<SignedUrl, "headers">> => {
  checkKey(bucket, key);
  checkLife(seconds);
  const exp = Math.ceil(clock().getTime() / 1000 + seconds);
  const query = new URLSearchParams({ exp: String(exp), ...values });
  const { key_id, mac } = await keys.mac("urls", textOf(method, bucket, key, query));
  query.set("kid", key_id);
  query.set("mac", mac);
  return { url: `${base_url}/objects/${bucket}/${key}?${query}`, expires_at: new Date(exp * 1000) };
};

export const signGet = async (
  signing: Signing,
  bucket: Bucket,
  key: string,
  { expires_in_seconds, filename }: { expires_in_seconds: number; filename?: string },
): Promise<SignedUrl> => ({
  ...(await sign(signing, "GET", bucket, key, expires_in_seconds, filename === undefined ? {} : { filename })),
  headers: {},
});

export const signPut = async (
  signing: Signing,
  bucket: Bucket,
  key: string,
  how: { expires_in_seconds: number; bytes: number; sha256: string; content_type: string },
): Promise<SignedUrl> => {
  checkUpload(how);
  const values = { bytes: String(how.bytes), sha256: how.sha256, type: how.content_type };
  const signed = await sign(signing, "PUT", bucket, key, how.expires_in_seconds, values);
  return { ...signed, headers: { "content-type": how.content_type } };
};

/** Throws `forbidden` for all that was not signed so, or no longer holds. */
export const checkSignature = async (
  keys: Pick<Keys, "checkMac">,
  now: Date,
  asked: { method: "GET" | "PUT"; bucket: string; key: string; query: URLSearchParams },
): Promise<void> => {
  const { method, bucket, key, query } = asked;
  const refused = new AppError("forbidden", "This link does not hold", { reason: "object.url_refused" });
  // A doubled name would be read as one value here and as another elsewhere.
  if (new Set(query.keys()).size !== [...query.keys()].length) throw refused;
  const signed = { key_id: query.get("kid") ?? "", mac: query.get("mac") ?? "" };
  if (!(await keys.checkMac("urls", textOf(method, bucket, key, query), signed))) throw refused;
  if (!(Number(query.get("exp")) * 1000 > now.getTime()))
    throw new AppError("forbidden", "This link has expired", { reason: "object.url_expired" });
};
