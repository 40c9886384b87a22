import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "#lib/errors.ts";
import { fileStore, type FileStoreOptions } from "#lib/object-store/file.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import type { S3StoreOptions } from "#lib/object-store/s3.ts";

/** `url` is `OBJECTS_URL`, e.g. `file:./data/objects` or `s3:https://…` (`s3-address.ts`); its scheme chooses the adapter. */
export const connectObjects = async (url: string, options: FileStoreOptions & S3StoreOptions): Promise<ObjectStore> => {
  const scheme = url.slice(0, url.indexOf(":") + 1);
  if (scheme === "file:")
    return fileStore(url.startsWith("file://") ? fileURLToPath(url) : resolve(url.slice(5)), options);
  if (scheme === "s3:") {
    // Whoever keeps objects in a folder does not wait for a client of S3 at each start.
    const { s3Store } = await import("#lib/object-store/s3.ts");
    return s3Store(url, options);
  }
  throw new AppError("internal", "OBJECTS_URL has an unknown scheme; there are: file:<folder>, s3:<address>");
};
