/** How every list is asked for and answered. */
import * as z from "zod";

/** `cursor` is opaque and signed: it continues exactly the list that gave it. */
export const Page = z.strictObject({
  limit: z.int().min(1).max(200).default(50),
  cursor: z.string().max(1000).optional(),
});

export const listOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next_cursor: z.string().nullable() });

/** RFC 3339 with offset or Z on the wire. */
export const Time = z.iso.datetime({ offset: true });
