/** Reaches functions in other processes: `POST <base>/_/functions/<name>`, an event, a planned time or a frame as its body. */
import type { CloudEvent } from "#lib/events.ts";
import type { HeldFrame } from "#lib/frames/frames.ts";
import { frameMediaTypes } from "#lib/frames/media-types.ts";
import type { Deliver, RunPlanned } from "./deliver.ts";
import type { Outcome } from "./retry-rules.ts";
import type { DeliverFrame } from "./frames.ts";
import { poster, type Post, type Posted } from "./http-post.ts";

export type HttpReach = {
  /** Where a function is hosted, e.g. `http://functions:8080`. `functionName` is `<context>.<name>`. */
  baseOf(functionName: string): string;
  /** Proves that the system itself is calling. */
  system_token: string;
};

export type Reach = { deliver: Deliver; run: RunPlanned; deliverFrame: DeliverFrame };

export const httpReach = (reach: HttpReach): Reach & { close(): void } => {
  const post = poster();
  const ask = posting({ ...reach, post });
  return {
    deliver: (functionName, event, attempt, signal) =>
      ask(functionName, JSON.stringify(event), headersOf(event, attempt), signal),
    run: (functionName, plannedFor, signal) => {
      const body = JSON.stringify({ planned_for: plannedFor.toISOString() });
      return ask(functionName, body, { "content-type": "application/json" }, signal);
    },
    deliverFrame: (functionName, held, signal) => ask(functionName, held.frame.bytes, frameHeaders(held), signal),
    close: post.close,
  };
};

/** Names are one space: the context is the connector's own ordering. */
export const plainName = (functionName: string): string => functionName.slice(functionName.indexOf(".") + 1);

const posting =
  ({ baseOf, system_token, post }: HttpReach & { post: Post }) =>
  async (
    functionName: string,
    body: string | Uint8Array,
    more: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Outcome> => {
    const url = `${baseOf(functionName)}/_/functions/${plainName(functionName)}`;
    const headers = { ...more, authorization: `Bearer ${system_token}` };
    try {
      return outcomeOf(await post(url, body, headers, signal));
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
  ...(frame.read_at_site ? { "x-read-at-site": "true" } : {}),
});

const headersOf = (event: CloudEvent, attempt: number): Record<string, string> => ({
  "content-type": "application/cloudevents+json",
  "x-attempt": String(attempt),
  "x-correlation-id": event.correlationid,
  ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
});

const outcomeOf = ({ status, header, text }: Posted): Outcome => {
  const final = header("x-final") === "1";
  if (status >= 200 && status < 300) return { status, final };
  // Followed, it might hand the message and the proof of who is calling to a stranger; the setting is at fault.
  if (status >= 300 && status < 400) return { status: 503, final: false, reason: `redirected (${status})` };
  const wait = Number(header("retry-after"));
  const only = header("x-park");
  return {
    status,
    final,
    reason: reasonOf(text),
    ...(wait > 0 ? { retry_after_seconds: wait } : {}),
    ...(only === "message" || only === "subject" ? { only } : {}),
  };
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
