/** Dead letters: looked at without being taken, and put back. */
import type { Channel, GetMessage } from "amqplib";
import type { DeadLetter } from "#lib/broker/broker.ts";
import { AppError } from "#lib/errors.ts";
import type { CloudEvent } from "#lib/events.ts";
import type { Link } from "./link.ts";
import { idOf, received, republished } from "./message.ts";
import type { Publisher } from "./publisher.ts";
import { deadOf } from "./topology.ts";

/** Published together; in memory meanwhile. */
const BATCH = 200;
const TEXT_SHOWN = 1000;

export const listLetters = (link: Link, queue: string, limit: number, now: number): Promise<DeadLetter[]> =>
  withChannel(link, async (channel) => {
    const letters: DeadLetter[] = [];
    while (letters.length < limit) {
      const message = await channel.get(deadOf(queue));
      if (!message) break;
      letters.push(letterOf(queue, message, now));
    }
    // With the end of the channel they lie where they lay.
    return letters;
  });

/**
 * One letter or all of a queue, with attempts from the start. Each is back in its queue before it leaves the dead; two at
 * once share them. Those that die again meanwhile stay dead.
 */
export const redriveLetters = (parts: {
  link: Link;
  publisher: Publisher;
  queue: string;
  id: string | null;
  now: number;
}): Promise<number> =>
  withChannel(parts.link, async (channel) => {
    const { publisher, queue, id, now } = parts;
    let { messageCount: left } = await channel.checkQueue(deadOf(queue));
    let count = 0;
    while (left > 0) {
      const batch: GetMessage[] = [];
      for (; left > 0 && batch.length < BATCH; left--) {
        const message = await channel.get(deadOf(queue));
        if (!message) left = 1;
        else if (id === null || letterId(queue, message) === id) batch.push(message);
        if (id !== null && batch.length > 0) left = 1;
      }
      const unrouted = await publisher.send(batch.map((message) => again(queue, message, now)));
      if (unrouted.length > 0)
        throw new AppError("internal", `RabbitMQ has no queue ${queue}`, { reason: "broker.no_queue" });
      for (const message of batch) channel.ack(message);
      count += batch.length;
    }
    return count;
  });

const again = (queue: string, message: GetMessage, now: number) => {
  const { hops, published_ms } = received(message, now);
  return republished(queue, message, { attempt: 1, hops: hops + 1, published_ms });
};

const letterOf = (queue: string, message: GetMessage, now: number): DeadLetter => {
  const { event, attempt, published_ms, death } = received(message, now);
  return {
    id: letterId(queue, message),
    queue,
    event: event ?? unreadable(message, published_ms),
    attempts: death?.attempts ?? attempt,
    reason: death?.reason ?? "Nobody said why",
    died_at: new Date(death?.died_ms ?? published_ms),
  };
};

/** Says which queue it belongs to, so that one letter is found without looking everywhere. */
const letterId = (queue: string, message: GetMessage): string => `${queue}/${idOf(message)}`;
export const queueOfLetter = (id: string): string => id.slice(0, id.indexOf("/"));

/** What somebody else has put into a queue of ours, for whoever looks at it. */
const unreadable = (message: GetMessage, published_ms: number): CloudEvent => ({
  specversion: "1.0",
  id: "00000000-0000-0000-0000-000000000000",
  source: "/unknown",
  type: "unreadable",
  time: new Date(published_ms).toISOString(),
  datacontenttype: "application/json",
  dataschema: "/schemas/unreadable/1",
  correlationid: "",
  data: { text: String(message.content).slice(0, TEXT_SHOWN) },
});

const withChannel = async <T>(link: Link, use: (channel: Channel) => Promise<T>): Promise<T> => {
  const channel = await link.channel();
  try {
    return await use(channel);
  } finally {
    await channel.close().catch(() => undefined);
  }
};
