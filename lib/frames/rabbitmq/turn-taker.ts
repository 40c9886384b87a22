/** Takes turns from the queue, hands their frames out and settles both. */
import type { Channel, ConsumeMessage } from "amqplib";
import type { Kept, Link } from "#lib/broker/rabbitmq/link.ts";
import { pause, type Pause } from "#lib/pause.ts";
import { MAX_TRIES, type Frames, type HeldFrame } from "../frames.ts";
import type { Slots, Taken, Turn } from "./slots.ts";
import { queueOf, turnOf } from "./turns.ts";

export type TurnTaker = { stop(): Promise<void> };

type Parts = {
  link: Link;
  slots: Slots;
  /** Resolves when it is confirmed. */
  publish(turn: Turn): Promise<void>;
  consumer: string;
  parallel: number;
  handle: Parameters<Frames["consume"]>[2];
  drain_ms: number;
  on_error(error: unknown): void;
};
type Taker = Parts & {
  naps: Pause;
  working: Set<Promise<void>>;
  /** What came on any other is the broker's again. */
  live: Channel | null;
  isOpen: boolean;
};

const REDIS_AGAIN_MS = 200;

export const takeTurns = (parts: Parts): TurnTaker => {
  const taker: Taker = { ...parts, naps: pause(), working: new Set(), live: null, isOpen: true };
  const { naps, working, drain_ms } = taker;
  let stopTaking = async (): Promise<void> => undefined;
  const kept: Kept<Channel> = parts.link.keepChannel(async (channel) => {
    taker.live = channel;
    channel.once("close", () => {
      if (taker.live === channel) taker.live = null;
    });
    await channel.prefetch(parts.parallel);
    const { consumerTag } = await channel.consume(queueOf(parts.consumer), (message) => {
      if (message === null) return kept.renew();
      if (!taker.isOpen) return;
      const work = treat(taker, channel, message).catch(taker.on_error);
      working.add(work);
      void work.finally(() => working.delete(work));
    });
    stopTaking = async () => void (await channel.cancel(consumerTag).catch(() => undefined));
  });
  return {
    stop: async () => {
      taker.isOpen = false;
      naps.wakeAll();
      await naps.within(stopTaking(), drain_ms);
      await naps.within(Promise.all(working), drain_ms);
      // What is in hand still goes back with the channel.
      taker.live = null;
      await kept.end();
    },
  };
};

const treat = async (taker: Taker, channel: Channel, message: ConsumeMessage): Promise<void> => {
  const { slots, publish, consumer } = taker;
  const turn = turnOf(consumer, message);
  const isOurs = (): boolean => taker.live === channel;
  const acknowledge = (): void => {
    if (isOurs()) channel.ack(message);
  };
  if (message.fields.redelivered) {
    const begun = await whileAway(taker, isOurs, () => slots.begun(turn));
    if (begun === null) return;
    if (begun === turn.attempt) return again(taker, turn, "its holder went away", isOurs, acknowledge);
  }
  const taken = await whileAway(taker, isOurs, () => slots.take(turn));
  if (taken === null) return;
  if (taken === "nothing") return acknowledge();
  if (taken.next) await publish(taken.next).catch(taker.on_error);
  const failure = await failureOf(taker, taken);
  if (failure !== null) return again(taker, turn, failure, isOurs, acknowledge);
  // Also where the turn is the broker's again: whoever gets it then finds nothing left to do.
  await slots.settle(turn);
  acknowledge();
};

const failureOf = async ({ handle }: Taker, { held }: Taken): Promise<string | null> => {
  // Async, so that a handler that throws at once is a rejection like any other.
  const safe = async (one: HeldFrame): Promise<void> => handle(one);
  return safe(held).then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
};

/** The next attempt is confirmed before this one is given up; a turn that is the broker's again has its next attempt there. */
const again = async (
  { slots, publish, on_error }: Taker,
  turn: Turn,
  reason: string,
  isOurs: () => boolean,
  acknowledge: () => void,
): Promise<void> => {
  if (!isOurs()) return;
  if (turn.attempt >= MAX_TRIES) {
    await slots.refuse(turn, reason);
    return acknowledge();
  }
  // Unconfirmed it stays unsettled: with the channel it comes back.
  await publish({ ...turn, attempt: turn.attempt + 1 }).then(acknowledge, on_error);
};

/** `null`: given up, because the turn is the broker's again or nobody wants it any more. */
const whileAway = async <T>(
  { naps, ...taker }: Taker,
  isOurs: () => boolean,
  ask: () => Promise<T | null>,
): Promise<T | null> => {
  while (taker.isOpen && isOurs()) {
    const answer = await ask();
    if (answer !== null) return answer;
    await naps.nap(REDIS_AGAIN_MS);
  }
  return null;
};
