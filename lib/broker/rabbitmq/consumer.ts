/** Takes a queue's messages, hands them to their handler and settles them. */
import type { Channel, ConsumeMessage } from "amqplib";
import type { Consumer, Delivery, QueueSpec, Settlement } from "#lib/broker/broker.ts";
import { pause, type Pause } from "#lib/pause.ts";
import type { Kept, Link } from "./link.ts";
import { received, republished, type Death, type Received } from "./message.ts";
import type { Publisher } from "./publisher.ts";
import { deadOf, delayQueueOf } from "./topology.ts";
import { nextOf, type Slot } from "./window.ts";

export type ConsumerPace = {
  /** How long a second of delay is where order is kept; elsewhere the topology says it. */
  second_ms: number;
  /** How long a stop waits for what is in hand before it gives it back. */
  drain_ms: number;
  now: () => number;
};

export type Counts = { waiting: number; held: number; parked: number };
export type QueueConsumer = Consumer & {
  counts(): Counts;
};

type Item = Slot & {
  message: ConsumeMessage;
  /** Of this channel it was sent; with its end the broker has taken it back. */
  channel: Channel;
  got: Received;
  attempt: number;
  /** How often it was handed out without leaving this window. */
  times: number;
};
type Handle = (delivery: Delivery) => Promise<Settlement>;

/** Where order is kept one slow key must not keep the others from coming in. RabbitMQ allows 2000. */
const ORDERED_WINDOW = 16;
const SETTLE_AGAIN_MS = [100, 200, 500, 1000, 2000, 5000];
/** Fencing tokens: how often it was published, returned, and handed out since, from the most to the least significant. */
const RETURNS_AT_MOST = 1000;
const TIMES_AT_MOST = 1_000_000;

type Parts = {
  link: Link;
  publisher: Publisher;
  spec: QueueSpec;
  handle: Handle;
  pace: ConsumerPace;
  on_received: (published_ms: number) => void;
  on_error: (error: unknown) => void;
};
type Taker = Parts & {
  window: Item[];
  working: Set<Promise<void>>;
  naps: Pause;
  /** What was sent on any other is the broker's again. */
  live: Channel | null;
  /** Hands out. */
  isOpen: boolean;
  /** Settles nothing any more. */
  isDrained: boolean;
};

export const startConsumer = (parts: Parts): QueueConsumer => {
  const { link, spec, pace } = parts;
  const state = { window: [], working: new Set<Promise<void>>(), naps: pause(), live: null };
  const taker: Taker = { ...parts, ...state, isOpen: true, isDrained: false };
  let stopTaking = async (): Promise<void> => undefined;

  const kept: Kept<Channel> = link.keepChannel(async (channel) => {
    taker.live = channel;
    channel.once("close", () => lose(taker, channel));
    await channel.prefetch(parallelOf(taker) * (spec.ordered ? ORDERED_WINDOW : 1));
    const { consumerTag } = await channel.consume(spec.name, (message) => {
      // Cancelled by the server, e.g. because the queue was deleted.
      if (message === null) return kept.renew();
      if (taker.isOpen) take(taker, channel, message);
    });
    stopTaking = async () => void (await channel.cancel(consumerTag).catch(() => undefined));
  });

  return {
    counts: () => {
      const count = (of: Slot["state"]): number => taker.window.filter((item) => item.state === of).length;
      return { waiting: count("waiting") + count("delayed"), held: count("in_hand"), parked: count("parked") };
    },
    stop: async () => {
      const { naps, working } = taker;
      taker.isOpen = false;
      await naps.within(stopTaking(), pace.drain_ms);
      await naps.within(Promise.all(working), pace.drain_ms);
      taker.isDrained = true;
      naps.wakeAll();
      // The rest goes back with the channel.
      await kept.end();
      taker.window.length = 0;
    },
  };
};

const parallelOf = ({ spec }: Taker): number => spec.parallel ?? 4;
const isHeld = ({ live }: Taker, { channel }: Item): boolean => channel === live;

const drop = ({ window }: Taker, item: Item): void => {
  const place = window.indexOf(item);
  if (place >= 0) window.splice(place, 1);
};

const lose = (taker: Taker, channel: Channel): void => {
  if (taker.live === channel) taker.live = null;
  for (const item of taker.window.filter((one) => one.channel === channel)) {
    if (item.state === "in_hand") item.state = "stale";
    else drop(taker, item);
  }
};

const take = (taker: Taker, channel: Channel, message: ConsumeMessage): void => {
  const got = received(message, taker.pace.now());
  taker.on_received(got.published_ms);
  const lane = taker.spec.ordered ? (got.event?.partitionkey ?? null) : null;
  const { attempt, lapses } = got;
  taker.window.push({ lane, lapses, state: "waiting", message, channel, got, attempt, times: 0 });
  begin(taker);
};

const begin = (taker: Taker): void => {
  const { window, working } = taker;
  while (taker.isOpen) {
    const item = nextOf(window, parallelOf(taker));
    if (!item) return;
    item.state = "in_hand";
    item.times++;
    const work = treat(taker, item).catch(taker.on_error);
    working.add(work);
    void work.finally(() => {
      working.delete(work);
      begin(taker);
    });
  }
};

const treat = async (taker: Taker, item: Item): Promise<void> => {
  const { spec, publisher, pace } = taker;
  // An answer says that what was settled before has arrived: else it would be held against its neighbours too.
  if (item.lapses > 0) await item.channel.checkQueue(spec.name).catch(() => undefined);
  if (!isHeld(taker, item)) return drop(taker, item);
  const settlement = await answerOf(taker.handle, spec.name, item);
  if (!isHeld(taker, item)) return drop(taker, item);
  if (spec.ordered && "delay_seconds" in settlement) return keep(taker, item, settlement);
  const follower = followerOf(spec.name, item, settlement, pace.now());
  const isWanted = (): boolean => isHeld(taker, item) && !taker.isDrained;
  const isFollowed = !follower || (await insist(taker, () => publisher.send([follower]), isWanted));
  // Its line may have gone while its follower was published: then it comes again, which inboxes are for.
  if (isFollowed && isHeld(taker, item)) acknowledge(item);
  drop(taker, item);
};

/** It stays unsettled, and before its successors, until it is due. */
const keep = (taker: Taker, item: Item, settlement: Waiting): void => {
  item.state = "park" in settlement ? "parked" : "delayed";
  if ("retry" in settlement) item.attempt++;
  void taker.naps.nap(settlement.delay_seconds * taker.pace.second_ms).then(() => {
    item.state = "waiting";
    begin(taker);
  });
};

/** A channel that is closing takes no more of them: the broker has the message again. */
const acknowledge = ({ channel, message }: Item): void => {
  try {
    channel.ack(message);
  } catch (error) {
    if (!(error instanceof Error && error.name === "IllegalOperationError")) throw error;
  }
};

type Waiting = Extract<Settlement, { delay_seconds: number }>;

const answerOf = async (handle: Handle, queue: string, item: Item): Promise<Settlement> => {
  const { got, attempt, times, lapses } = item;
  if (got.event === null) return { dead: true, reason: "It is not an event of ours" };
  const token = (got.hops * RETURNS_AT_MOST + Math.min(lapses, RETURNS_AT_MOST - 1)) * TIMES_AT_MOST + times;
  const published_at = new Date(got.published_ms);
  try {
    return await handle({ event: got.event, queue, attempt, fencing_token: token, published_at });
  } catch (error) {
    return { retry: true, delay_seconds: 1, reason: error instanceof Error ? error.message : String(error) };
  }
};

/** What is published in its stead before it is acknowledged. */
const followerOf = (queue: string, { message, got, attempt }: Item, settlement: Settlement, now: number) => {
  if ("done" in settlement) return null;
  const counted = { hops: got.hops + 1, published_ms: got.published_ms };
  if ("dead" in settlement) {
    const death: Death = { reason: settlement.reason, attempts: attempt, died_ms: now };
    return republished(deadOf(queue), message, { ...counted, attempt }, death);
  }
  const next = "retry" in settlement ? attempt + 1 : attempt;
  return republished(delayQueueOf(queue, settlement.delay_seconds), message, { ...counted, attempt: next });
};

/** An effect that happened should not be repeated because its settlement met an alarm. `false`: it was given up. */
const insist = async (
  { naps, on_error }: Taker,
  send: () => Promise<readonly unknown[]>,
  isWanted: () => boolean,
): Promise<boolean> => {
  for (let tries = 0; isWanted(); tries++) {
    try {
      const unrouted = await send();
      if (unrouted.length === 0) return true;
      throw new Error("A queue of the topology is missing: nothing can be settled into it");
    } catch (error) {
      if (tries === 0) on_error(error);
      await naps.nap(SETTLE_AGAIN_MS[Math.min(tries, SETTLE_AGAIN_MS.length - 1)]!);
    }
  }
  return false;
};
