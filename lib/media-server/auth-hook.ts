/** What MediaMTX asks about a reader (1.5: without `token`; 1.20: with it), and what it needs to be let in. */
import * as z from "zod";

const text = z.string().nullish();
/** Holds passwords of whoever tries: never logged. */
export const HookRequest = z.looseObject({
  action: z.string(),
  path: z.string(),
  query: text,
  token: text,
  password: text,
});
export type HookRequest = z.infer<typeof HookRequest>;

/** As `Authorization: Bearer`, in the query, or, for players that know neither, as the password. */
export const tokenIn = ({ token, query, password }: HookRequest): string | null =>
  [token, new URLSearchParams(query ?? "").get("token"), password].find((one) => one) ?? null;

/** Reading alone: cameras are dialled, nobody publishes; recordings are played from our own store. */
export const isReading = ({ action }: HookRequest): boolean => action === "read";
