/** What a key may look like, in every store: what one of them cannot name, none takes. */
import { AppError } from "#lib/errors.ts";
import { buckets } from "#lib/object-store/object-store.ts";

const MAX_KEY_LENGTH = 512;
const MAX_NAME_LENGTH = 200;

export const checkKey = (bucket: string, key: string): void => {
  if (!isKey(key)) throw new AppError("malformed", "This is no object key", { reason: "object.key" });
  if (!(buckets as readonly string[]).includes(bucket))
    throw new AppError("malformed", "There is no such bucket", { reason: "object.bucket" });
};

export const isKey = (key: string): boolean => {
  const names = key.split("/");
  const isForm = /^[a-z0-9][a-z0-9/._-]*$/.test(key) && key.length <= MAX_KEY_LENGTH;
  // `a//b` and `a/./b` would be second names of `a/b`.
  const isPlain = names.every((name) => name !== "" && name !== "." && name.length <= MAX_NAME_LENGTH);
  return isForm && isPlain && !key.includes("..");
};
