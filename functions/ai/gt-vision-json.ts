/** The client's own form, `POST /api/lpr/events` → what we keep of it. */
import { AppError } from "#lib/errors.ts";
import { fieldErrors } from "#lib/function/input.ts";
import { parseStrictJson } from "#lib/function/json.ts";
import { namedId } from "#lib/named-ids.ts";
import { LprEventBody } from "./contract.ts";

/** Throws `malformed` with the fields that are wrong. */
export const readBody = (bytes: Uint8Array): LprEventBody => {
  const value = parseStrictJson(bytes);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new AppError("malformed", "The body is not a JSON object", { reason: "json.object" });
  }
  const body = LprEventBody.safeParse(value);
  if (body.success) return body.data;
  throw new AppError("malformed", "The body has the wrong form", { errors: fieldErrors(body.error, value) });
};

/**
 * The same read has the same id however often it is posted, so that a camera that missed our answer may post again. By the
 * camera's own id where it gives one, else by plate and time. Shaped as a UUIDv7 of the claimed time.
 */
export const eventIdOf = (camera_id: string, body: LprEventBody): string => {
  const name = body.event_id ?? `${body.plate ?? ""} ${body.detected_at}`;
  return namedId(new Date(body.detected_at), `${camera_id} ${name}`);
};
