/** An event as a message of RabbitMQ and back. Its body is the CloudEvent; what we count about it are headers of ours. */
import type { Message, MessagePropertyHeaders, Options } from "amqplib";
import { CloudEvent } from "#lib/events.ts";

/**
 * `x-death` is not relied on: brokers from 4.0 ignore it when a message is published again.
 * `hops` counts how often it was published, so that fencing tokens grow.
 */
export type Counted = {
  attempt: number;
  hops: number;
  /** To the second. */
  published_ms: number;
};
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
  options: optionsOf(event.id, counted, death),
});

/** The same bytes once more, e.g. of a message that is not ours. */
export const republished = (key: string, message: Message, counted: Counted, death?: Death): Outgoing => ({
  exchange: "",
  key,
  content: message.content,
  options: optionsOf(idOf(message), counted, death),
});

/** A message as it is first published has no headers: the broker reads them for each that it routes. */
const optionsOf = (messageId: string, counted: Counted, death?: Death): Options.Publish => {
  const { attempt, hops, published_ms } = counted;
  const counts = hops === 0 ? {} : { "gt-attempt": attempt, "gt-hops": hops };
  const died = death && {
    "gt-reason": death.reason.slice(0, REASON_LENGTH),
    "gt-attempts": death.attempts,
    "gt-died": death.died_ms,
  };
  return {
    mandatory: true,
    persistent: true,
    contentType: CONTENT_TYPE,
    messageId,
    timestamp: Math.floor(published_ms / 1000),
    headers: { ...counts, ...died },
  };
};

export const received = (message: Message, now: number): Received => {
  const headers = message.properties.headers ?? {};
  const published_ms = secondsOf(message) ?? now;
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

export const idOf = ({ properties }: Message): string => {
  const id: unknown = properties.messageId;
  return typeof id === "string" ? id : "";
};

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
