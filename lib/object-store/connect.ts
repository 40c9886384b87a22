import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "#lib/errors.ts";
import { fileStore, type FileStoreOptions } from "#lib/object-store/file.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";

/** `url` is `OBJECTS_URL`, e.g. `file:./data/objects`; its scheme chooses the adapter. */
export const connectObjects = async (url: string, options: FileStoreOptions): Promise<ObjectStore> => {
  const scheme = url.slice(0, url.indexOf(":") + 1);
  if (scheme === "file:")
    return fileStore(url.startsWith("file://") ? fileURLToPath(url) : resolve(url.slice(5)), options);
  throw new AppError("internal", "OBJECTS_URL has an unknown scheme; there is: file:<folder>");
};
