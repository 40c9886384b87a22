/** Delivers over HTTP: `POST <base>/_/functions/<name>` with the event as its body. */
import type { CloudEvent } from "#lib/events.ts";
import type { Deliver, Outcome } from "./deliver.ts";

export type HttpDeliverOptions = {
  /** Where a function is hosted, e.g. `http://functions:8080`. */
  baseOf(functionName: string): string;
  /** Proof that the connector is calling. Default none. */
  headers?: Record<string, string>;
};

export const httpDeliver =
  ({ baseOf, headers = {} }: HttpDeliverOptions): Deliver =>
  async (functionName, event, attempt, signal) => {
    const url = `${baseOf(functionName)}/_/functions/${functionName}`;
    const asked = { method: "POST", signal, redirect: "error" as const, body: JSON.stringify(event) };
    try {
      const response = await fetch(url, { ...asked, headers: { ...headersOf(event, attempt), ...headers } });
      return await outcomeOf(response);
    } catch (error) {
      if (signal.aborted) throw error;
      // Nobody there: the platform is at fault, not the message.
      return { status: 503, final: false, reason: "the function could not be reached" };
    }
  };

const headersOf = (event: CloudEvent, attempt: number): Record<string, string> => ({
  "content-type": "application/cloudevents+json",
  "gt-attempt": String(attempt),
  "x-correlation-id": event.correlationid,
  ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
});

const outcomeOf = async (response: Response): Promise<Outcome> => {
  const { status } = response;
  const final = response.headers.get("x-final") === "1";
  const body = await response.text();
  if (response.ok) return { status, final };
  return { status, final, reason: reasonOf(body) };
};

/** The title of a problem document, or the beginning of whatever it is. */
const reasonOf = (body: string): string => {
  try {
    const { title, reason } = JSON.parse(body) as { title?: unknown; reason?: unknown };
    const words = [title, reason].filter((word) => typeof word === "string");
    if (words.length > 0) return words.join(" – ").slice(0, 500);
  } catch {
    // No problem document: a proxy's page, for instance.
  }
  return body.slice(0, 200);
};
