/** A wanted range, cut at the end of the object. Throws `invalid` for one that begins outside. */
import { AppError } from "#lib/errors.ts";
import type { ByteRange } from "#lib/object-store/object-store.ts";

export const within = (size: number, range?: ByteRange): ByteRange => {
  if (!range) return { offset: 0, length: size };
  const { offset, length } = range;
  const isWhole = Number.isSafeInteger(offset) && Number.isSafeInteger(length);
  if (!isWhole || offset < 0 || length < 0 || offset > size)
    throw new AppError("invalid", "This range is not within the object", { reason: "object.range" });
  return { offset, length: Math.min(length, size - offset) };
};
