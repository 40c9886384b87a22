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
/** Taken at once by who only looks. RabbitMQ gives no more than 2000. */
const WINDOW = 1000;
const LOOK_MS = 100;
const REACHED_MS = 5000;
const TEXT_SHOWN = 1000;

export const listLetters = async (link: Link, queue: string, limit: number, now: number): Promise<DeadLetter[]> => {
  const letters: DeadLetter[] = [];
  await lookThrough(link, queue, limit, async (_, batch) => {
    letters.push(...batch.map((message) => letterOf(queue, message, now)));
    return true;
  });
  return letters;
};

type Redrive = { link: Link; publisher: Publisher; queue: string; now: number };

export const redriveOne = (redrive: Redrive, id: string): Promise<number> =>
  redriveFound(redrive, (message) => letterId(redrive.queue, message) === id, 1);

export const redriveThose = (redrive: Redrive, reason: string): Promise<number> =>
  redriveFound(redrive, (message) => letterOf(redrive.queue, message, redrive.now).reason.includes(reason), Infinity);

const redriveFound = async (
  { link, publisher, queue, now }: Redrive,
  isWanted: (message: Message) => boolean,
  most: number,
): Promise<number> => {
  let count = 0;
  await lookThrough(link, queue, Infinity, async (channel, batch) => {
    const found = batch.filter(isWanted).slice(0, most - count);
    if (found.length > 0) await putBack(publisher, queue, found, now);
    for (const message of found) channel.ack(message);
    count += found.length;
    return count < most;
  });
  return count;
};

/**
 * Shows each that lies there now, once, until `see` has seen enough. With the end of their channels all that were not
 * acknowledged lie where they lay. Consumed, because got one by one they would be a decision of the queue each; on a channel
 * for each window, because a consumer with all its hands full of what nobody wants would stand still.
 */
const lookThrough = async (
  link: Link,
  queue: string,
  most: number,
  see: (channel: Channel, batch: ConsumeMessage[]) => Promise<boolean>,
): Promise<void> => {
  const channels: Channel[] = [];
  try {
    for (let left = most; left > 0;) {
      const channel = await link.channel(REACHED_MS);
      channels.push(channel);
      const batch = await windowOf(channel, queue, Math.min(left, WINDOW));
      left = batch.length > 0 && (await see(channel, batch)) ? left - batch.length : 0;
    }
    // The answers say that what was acknowledged before has arrived: some of it would be lost with the channels.
    for (const channel of channels) await channel.checkQueue(deadOf(queue));
  } finally {
    for (const channel of channels) await channel.close().catch(() => undefined);
  }
};

/** So many, or as many as there are. */
const windowOf = async (channel: Channel, queue: string, count: number): Promise<ConsumeMessage[]> => {
  const naps = pause();
  const taken: ConsumeMessage[] = [];
  await channel.prefetch(count);
  const { consumerTag } = await channel.consume(deadOf(queue), (message) => {
    if (message) taken.push(message);
    if (taken.length === count) naps.wakeAll();
  });
  while (taken.length < count && (await channel.checkQueue(deadOf(queue))).messageCount > 0) await naps.nap(LOOK_MS);
  // After its answer nothing comes any more.
  await channel.cancel(consumerTag);
  return taken;
};

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
