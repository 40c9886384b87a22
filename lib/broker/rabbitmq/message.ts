/** An event as a message of RabbitMQ and back. Its body is the CloudEvent; what we count about it are headers of ours. */
import type { Message, MessagePropertyHeaders, Options } from "amqplib";
import { CloudEvent } from "#lib/events.ts";

/**
 * `x-death` is not relied on: brokers from 4.0 ignore it when a message is published again.
 * `hops` counts how often it was published, so that fencing tokens grow.
 */
export type Counted = { attempt: number; hops: number; published_ms: number };
export type Death = { reason: string; attempts: number; died_ms: number };
export type Received = Counted & {
  /** `null`: not a message of ours. */
  event: CloudEvent | null;
  /** How often a holder of it went away. */
  lapses: number;
  death: Death | null;
};

export type Outgoing = { exchange: string; key: string; content: Buffer; options: Options.Publish };

export const CONTENT_TYPE = "application/cloudevents+json";
const REASON_LENGTH = 2000;

export const outgoing = (
  exchange: string,
  key: string,
  event: CloudEvent,
  counted: Counted,
  death?: Death,
): Outgoing => ({
  exchange,
  key,
  content: Buffer.from(JSON.stringify(event)),
  options: optionsOf(event.id, event.correlationid, counted, death),
});

/** The same bytes once more, e.g. of a message that is not ours. */
export const republished = (key: string, message: Message, counted: Counted, death?: Death): Outgoing => ({
  exchange: "",
  key,
  content: message.content,
  options: optionsOf(idOf(message), asText(message.properties.correlationId), counted, death),
});

const optionsOf = (messageId: string, correlationId: string, counted: Counted, death?: Death): Options.Publish => ({
  mandatory: true,
  persistent: true,
  contentType: CONTENT_TYPE,
  messageId,
  correlationId,
  timestamp: Math.floor(counted.published_ms / 1000),
  headers: {
    "gt-attempt": counted.attempt,
    "gt-hops": counted.hops,
    "gt-published": counted.published_ms,
    ...(death === undefined
      ? {}
      : {
          "gt-reason": death.reason.slice(0, REASON_LENGTH),
          "gt-attempts": death.attempts,
          "gt-died": death.died_ms,
        }),
  },
});

export const received = (message: Message, now: number): Received => {
  const headers = message.properties.headers ?? {};
  const published_ms = numberOf(headers, "gt-published") ?? secondsOf(message) ?? now;
  const attempt = numberOf(headers, "gt-attempt") ?? 1;
  return {
    event: eventOf(message.content),
    attempt,
    hops: numberOf(headers, "gt-hops") ?? 0,
    published_ms,
    lapses: lapsesOf(message, headers),
    death: deathOf(headers, attempt, published_ms),
  };
};

export const idOf = ({ properties }: Message): string => asText(properties.messageId);

const eventOf = (content: Buffer): CloudEvent | null => {
  try {
    return CloudEvent.safeParse(JSON.parse(String(content))).data ?? null;
  } catch {
    return null;
  }
};

/** RabbitMQ 4.3 counts every return apart from those that it holds against the message. */
const lapsesOf = ({ fields }: Message, headers: MessagePropertyHeaders): number => {
  const told = numberOf(headers, "x-acquired-count") ?? numberOf(headers, "x-delivery-count");
  return told ?? (fields.redelivered ? 1 : 0);
};

/** What the crash guard of the broker dead-lettered says so in the broker's words only. */
const deathOf = (headers: MessagePropertyHeaders, attempt: number, published_ms: number): Death | null => {
  const reason: unknown = headers["gt-reason"];
  // The newest first: one that was retried before has died of its delay earlier.
  const [last] = headers["x-death"] ?? [];
  if (typeof reason === "string")
    return {
      reason,
      attempts: numberOf(headers, "gt-attempts") ?? attempt,
      died_ms: numberOf(headers, "gt-died") ?? published_ms,
    };
  if (!last) return null;
  const told: string = last.reason;
  return {
    reason: told === "delivery_limit" ? "Its holder went away too often" : `Given up by the broker: ${told}`,
    attempts: attempt,
    died_ms: last.time.value * 1000,
  };
};

const numberOf = (headers: MessagePropertyHeaders, name: string): number | undefined => {
  const value: unknown = headers[name];
  return typeof value === "number" ? value : undefined;
};
const secondsOf = ({ properties }: Message): number | undefined => {
  const value: unknown = properties.timestamp;
  return typeof value === "number" ? value * 1000 : undefined;
};
const asText = (value: unknown): string => (typeof value === "string" ? value : "");
