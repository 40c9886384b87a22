/** Ids that follow from names: whoever meets the same thing twice gives it the same id. */
import { createHash } from "node:crypto";

/** Shaped as a UUIDv7 of `time`, so that a day's partition can be read from it. */
export const namedId = (time: Date, name: string): string => {
  const hash = createHash("sha256").update(name).digest("hex");
  const ms = Math.min(Math.max(0, Math.floor(time.getTime())), 0xffff_ffff_ffff);
  const hex = ms.toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7${hash.slice(0, 3)}-8${hash.slice(3, 6)}-${hash.slice(6, 18)}`;
};
