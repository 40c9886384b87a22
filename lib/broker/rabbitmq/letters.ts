/** Dead letters: looked at without being taken, and put back. */
import type { Channel, ConsumeMessage, Message } from "amqplib";
import type { DeadLetter } from "#lib/broker/broker.ts";
import { AppError } from "#lib/errors.ts";
import type { CloudEvent } from "#lib/events.ts";
import { pause } from "#lib/pause.ts";
import type { Link } from "./link.ts";
import { idOf, received, republished } from "./message.ts";
import type { Publisher } from "./publisher.ts";
import { deadOf } from "./topology.ts";

/** In memory at once. */
const BATCH = 500;
const LOOK_MS = 100;
const REACHED_MS = 5000;
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

type Redrive = { link: Link; publisher: Publisher; queue: string; now: number };

/** Found by looking at all of them: those that it is not lie where they lay afterwards. */
export const redriveOne = ({ link, publisher, queue, now }: Redrive, id: string): Promise<number> =>
  withChannel(link, async (channel) => {
    for (;;) {
      const message = await channel.get(deadOf(queue));
      if (!message) return 0;
      if (letterId(queue, message) !== id) continue;
      await putBack(publisher, queue, [message], now);
      channel.ack(message);
      return 1;
    }
  });

/**
 * As many as there are now, with attempts from the start: those that die again meanwhile stay dead. Each is back in its
 * queue before it leaves the dead, and two at once share them. Taken by consuming and settled by the hundred: taken one
 * by one they would be a decision of the queue each, and some of those are lost with the channel.
 */
export const redriveAll = ({ link, publisher, queue, now }: Redrive): Promise<number> =>
  withChannel(link, async (channel) => {
    const naps = pause();
    let taken: ConsumeMessage[] = [];
    let isTaking = true;
    let count = 0;
    const { messageCount: there } = await channel.checkQueue(deadOf(queue));
    await channel.prefetch(BATCH);
    const { consumerTag } = await channel.consume(deadOf(queue), (message) => {
      if (message) taken.push(message);
      naps.wakeAll();
    });
    while (isTaking || taken.length > 0) {
      if (taken.length === 0) await naps.nap(LOOK_MS);
      const { messageCount: left } = await channel.checkQueue(deadOf(queue));
      // After its answer nothing comes any more; what has come until then is put back too.
      if (isTaking && (left === 0 || count >= there)) {
        await channel.cancel(consumerTag);
        isTaking = false;
      }
      const batch = taken;
      taken = [];
      if (batch.length === 0) continue;
      await putBack(publisher, queue, batch, now);
      channel.ack(batch.at(-1)!, true);
      count += batch.length;
    }
    return count;
  });

const putBack = async (publisher: Publisher, queue: string, batch: readonly Message[], now: number): Promise<void> => {
  const unrouted = await publisher.send(batch.map((message) => again(queue, message, now)));
  if (unrouted.length === 0) return;
  throw new AppError("internal", `RabbitMQ has no queue ${queue}`, { reason: "broker.no_queue" });
};

const again = (queue: string, message: Message, now: number) => {
  const { hops, published_ms } = received(message, now);
  return republished(queue, message, { attempt: 1, hops: hops + 1, published_ms });
};

const letterOf = (queue: string, message: Message, now: number): DeadLetter => {
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
const letterId = (queue: string, message: Message): string => `${queue}/${idOf(message)}`;
export const queueOfLetter = (id: string): string => id.slice(0, id.indexOf("/"));

/** What somebody else has put into a queue of ours, for whoever looks at it. */
const unreadable = (message: Message, published_ms: number): CloudEvent => ({
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
  const channel = await link.channel(REACHED_MS);
  try {
    return await use(channel);
  } finally {
    await channel.close().catch(() => undefined);
  }
};
