/**
 * `OBJECTS_URL` of an S3, in one line:
 *
 *   s3:https://ACCESS_KEY:SECRET_KEY@minio.example.org:9000/gt-?region=us-east-1&public=https://objects.example.org
 *   s3:https://s3.sa-east-1.amazonaws.com/prefeitura-
 *
 * The path is what goes before each bucket's name. Without keys in it the standard AWS chain is asked (environment, shared
 * files, web identity, instance role). With keys the whole line belongs into the file `gt-objects-url` of `SECRETS_DIR`.
 */
import { AppError } from "#lib/errors.ts";
import { buckets, type Bucket } from "#lib/object-store/object-store.ts";

export type S3Credentials = { access_key: string; secret_key: string; session_token?: string };
export type S3Address = {
  /** Where we ask: scheme, host, port. */
  endpoint: URL;
  /** Where browsers and agents ask; the signatures of their URLs are for this host. */
  public_endpoint: URL;
  region: string;
  bucket_prefix: string;
  /** `https://host/bucket/key` and not `https://bucket.host/key`. */
  path_style: boolean;
  credentials: S3Credentials | null;
};

const NAMES = new Set(["region", "public", "path_style"]);

/** Never prints what it was given: there may be keys in it. */
const malformed = (what: string): AppError => new AppError("internal", `OBJECTS_URL is malformed: ${what}`);

export const s3Address = (url: string): S3Address => {
  const endpoint = httpUrl(url.slice("s3:".length), "there must be an http: or https: address behind s3:");
  const query = endpoint.searchParams;
  for (const name of query.keys()) if (!NAMES.has(name)) throw malformed(`there is no option ${name}`);
  const bucket_prefix = endpoint.pathname.slice(1);
  // 63 is the most that a bucket's name may have.
  if (!/^([a-z0-9][a-z0-9-]{0,50})?$/.test(bucket_prefix)) throw malformed("this is no beginning of a bucket's name");
  const style = query.get("path_style") ?? String(!isAmazon(endpoint));
  if (style !== "true" && style !== "false") throw malformed("path_style is true or false");
  const publicly = query.get("public");
  return {
    endpoint: new URL(endpoint.origin),
    public_endpoint: new URL(publicly === null ? endpoint.origin : httpUrl(publicly, "public is no address").origin),
    region: query.get("region") ?? regionOf(endpoint),
    bucket_prefix,
    path_style: style === "true",
    credentials: credentialsIn(endpoint),
  };
};

const httpUrl = (text: string, fault: string): URL => {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) throw malformed(fault);
  return url;
};

const isAmazon = ({ hostname }: URL): boolean => hostname.endsWith(".amazonaws.com");

const regionOf = ({ hostname }: URL): string =>
  /^s3[.-]([a-z0-9-]+)\.amazonaws\.com$/.exec(hostname)?.[1] ?? "us-east-1";

const credentialsIn = ({ username, password }: URL): S3Credentials | null => {
  if (username === "" && password === "") return null;
  if (username === "" || password === "") throw malformed("a key without its other half");
  return { access_key: decodeURIComponent(username), secret_key: decodeURIComponent(password) };
};

export const bucketName = (address: S3Address, bucket: Bucket): string => `${address.bucket_prefix}${bucket}`;

/** Keys need no encoding: `checkKey` lets nothing through that would. */
export const objectUrl = (address: S3Address, base: URL, bucket: Bucket, key: string): URL => {
  const name = bucketName(address, bucket);
  if (address.path_style) return new URL(`/${name}/${key}`, base);
  return new URL(`${base.protocol}//${name}.${base.host}/${key}`);
};

/** Where browsers fetch what was signed for them, for the console's policy. None: from where the console comes. */
export const objectOrigins = (url: string): string[] => {
  if (!url.startsWith("s3:")) return [];
  const address = s3Address(url);
  const shown = buckets.filter((bucket) => bucket !== "backups");
  return [...new Set(shown.map((bucket) => objectUrl(address, address.public_endpoint, bucket, "").origin))];
};
