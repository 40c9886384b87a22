/**
 * Objects for functions over HTTP where there is neither a folder nor Node: they look at objects and sign for them, which
 * `fetch` and WebCrypto do. 17 KB of bundle instead of the 0.9 MB of the AWS SDK (docs/adr/0022-objects-on-s3.md).
 */
import { AppError } from "#lib/errors.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import { s3Address } from "./s3-address.ts";
import { s3Reading, s3SignedUrls } from "./s3-reading.ts";
import { PATIENCE_MS, type S3Access } from "./s3-requests.ts";

export const connectObjects = async (url: string, options: { clock?: () => Date } = {}): Promise<ObjectStore> => {
  if (!url.startsWith("s3:"))
    throw new AppError("internal", "OBJECTS_URL has an unknown scheme for a worker; there is: s3:<address>");
  const address = s3Address(url);
  const { credentials } = address;
  if (!credentials) throw new AppError("internal", "OBJECTS_URL has no keys in it: a worker has no other way to them");
  const clock = options.clock ?? (() => new Date());
  const access: S3Access = { address, credentials: async () => credentials, clock, patience_ms: PATIENCE_MS };
  const refuse = async (): Promise<never> => {
    throw new AppError("internal", "A worker looks at objects and signs for them; it neither stores nor deletes");
  };
  return {
    ...s3Reading(access),
    ...s3SignedUrls(access),
    put: refuse,
    list: refuse,
    delete: refuse,
    close: async () => undefined,
  };
};
