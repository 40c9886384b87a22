/** Reaches functions in other processes: `POST <base>/_/functions/<name>`, an event, a planned time or a frame as its body. */
import { setTimeout } from "node:timers/promises";
import type { CloudEvent } from "#lib/events.ts";
import type { HeldFrame } from "#lib/frames/frames.ts";
import { frameMediaTypes } from "#lib/frames/media-types.ts";
import { isParked, type Deliver, type Outcome, type RunPlanned } from "./deliver.ts";
import type { DeliverFrame } from "./frames.ts";

export type HttpReach = {
  /** Where a function is hosted, e.g. `http://functions:8080`. `functionName` is `<context>.<name>`. */
  baseOf(functionName: string): string;
  /** Proves that the system itself is calling. */
  system_token: string;
};

/** Frames are offered again at once: one try a second is enough where nobody can take them. */
const FRAME_PAUSE_MS = 1000;

export const httpReach = (reach: HttpReach): { deliver: Deliver; run: RunPlanned; deliverFrame: DeliverFrame } => ({
  deliver: (functionName, event, attempt, signal) =>
    post(reach, functionName, JSON.stringify(event), headersOf(event, attempt), signal),
  run: (functionName, plannedFor, signal) => {
    const body = JSON.stringify({ planned_for: plannedFor.toISOString() });
    return post(reach, functionName, body, { "content-type": "application/json" }, signal);
  },
  deliverFrame: async (functionName, held, signal) => {
    const outcome = await post(reach, functionName, new Uint8Array(held.frame.bytes), frameHeaders(held), signal);
    if (outcome.status < 300) return;
    if (isParked(outcome)) await setTimeout(FRAME_PAUSE_MS);
    throw new Error(`${outcome.status}: ${outcome.reason ?? ""}`);
  },
});

/** Names are one space: the context is the connector's own ordering. */
export const plainName = (functionName: string): string => functionName.slice(functionName.indexOf(".") + 1);

const post = async (
  { baseOf, system_token }: HttpReach,
  functionName: string,
  body: string | Uint8Array<ArrayBuffer>,
  more: Record<string, string>,
  signal: AbortSignal,
): Promise<Outcome> => {
  const url = `${baseOf(functionName)}/_/functions/${plainName(functionName)}`;
  const headers = { ...more, authorization: `Bearer ${system_token}` };
  try {
    return await outcomeOf(await fetch(url, { method: "POST", signal, redirect: "error", body, headers }));
  } catch (error) {
    if (signal.aborted) throw error;
    // Nobody there: the platform is at fault, not the message.
    return { status: 503, final: false, reason: "the function could not be reached" };
  }
};

const frameHeaders = ({ frame, attempt }: HeldFrame): Record<string, string> => ({
  "content-type": frameMediaTypes[frame.format],
  "x-attempt": String(attempt),
  "x-correlation-id": frame.correlation_id,
  "x-frame-id": frame.id,
  "x-cidade-id": frame.cidade_id,
  "x-camera-id": frame.camera_id,
  "x-captured-at": String(frame.captured_at.getTime()),
});

const headersOf = (event: CloudEvent, attempt: number): Record<string, string> => ({
  "content-type": "application/cloudevents+json",
  "x-attempt": String(attempt),
  "x-correlation-id": event.correlationid,
  ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
});

const outcomeOf = async (response: Response): Promise<Outcome> => {
  const { status } = response;
  const final = response.headers.get("x-final") === "1";
  const body = await response.text();
  if (response.ok) return { status, final };
  const wait = Number(response.headers.get("retry-after"));
  return { status, final, reason: reasonOf(body), ...(wait > 0 ? { retry_after_seconds: wait } : {}) };
};

/** The words of a problem document, or the beginning of whatever it is. */
const reasonOf = (body: string): string => {
  try {
    const { title, reason } = JSON.parse(body) as { title?: unknown; reason?: unknown };
    const words = [title, reason].filter((word) => typeof word === "string");
    if (words.length > 0) return words.join(" – ").slice(0, 500);
  } catch {
    // No JSON: a proxy's page, for instance.
  }
  return body.slice(0, 200);
};
