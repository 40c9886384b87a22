/** Events between contexts: CloudEvents 1.0 with the client's type names. */
import * as z from "zod";

/** What a context declares in its `contract.ts`. `type` is the client's name, e.g. `camera.created`. */
export type EventType<T extends z.ZodObject = z.ZodObject> = { type: string; version: number; data: T };

export const eventType = <T extends z.ZodObject>(type: string, version: number, data: T): EventType<T> => ({
  type,
  version,
  data,
});

/** Attribute names are CloudEvents' own: lower case, no underscores. */
export const CloudEvent = z.object({
  specversion: z.literal("1.0"),
  id: z.uuid(),
  /** Which context said it, e.g. `/streaming`. */
  source: z.string(),
  type: z.string(),
  /** The thing it is about, e.g. a camera's id. */
  subject: z.string().optional(),
  time: z.iso.datetime(),
  datacontenttype: z.literal("application/json"),
  /** `/schemas/<type>/<version>` */
  dataschema: z.string(),
  /** The city whose rows the effect may touch; absent for what belongs to none. */
  cidadeid: z.uuid().optional(),
  correlationid: z.string(),
  traceparent: z.string().optional(),
  /** Order is promised per key, never across keys. */
  partitionkey: z.string().optional(),
  data: z.record(z.string(), z.unknown()),
});
export type CloudEvent = z.infer<typeof CloudEvent>;
