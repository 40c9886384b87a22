/**
 * The frames port of several processes: bytes wait in Redis, RabbitMQ says whose turn it is. Gateways offer, consumers take
 * turns; either server may fall at any moment, and what waited is lost then, as the port says.
 */
import { openLink, type Link } from "#lib/broker/rabbitmq/link.ts";
import { publisher } from "#lib/broker/rabbitmq/publisher.ts";
import { AppError } from "#lib/errors.ts";
import { MAX_FRAME_BYTES, type Frame, type FrameCounts, type Frames } from "./frames.ts";
import { HOLD_MS, openSlots, type Slots, type Turn } from "./rabbitmq/slots.ts";
import { takeTurns, type TurnTaker } from "./rabbitmq/turn-taker.ts";
import { messageOf } from "./rabbitmq/turns.ts";
import { becameOf, waitingRoom, type Losses, type WaitingRoom } from "./waiting-room.ts";

export type RabbitmqFramesOptions = {
  /** Each gets every frame. */
  consumers: readonly string[];
  /** `redis:` or `rediss:`, where the bytes wait. */
  slots_url: string;
  /** Over all cameras and all who offer, of each consumer. Default 512 frames. */
  max_waiting?: number;
  /** Of all consumers together. Default 256 MiB. */
  max_bytes?: number;
  /** Default 30 s. */
  max_age_ms?: number;
  drain_ms?: number;
  on_error?: (error: unknown) => void;
};

const MAX_AGE_MS = 30_000;
const MAX_BYTES = 256 * 1024 * 1024;
const DRAIN_MS = 5000;
/** While Redis is away the newest of some cameras wait here. */
const SPARE = { frames: 64, bytes: 32 * 1024 * 1024 };

export const rabbitmqFrames = async (url: string, options: RabbitmqFramesOptions): Promise<Frames> => {
  const on_error = options.on_error ?? ((error) => process.emitWarning(`frames: ${String(error)}`));
  const age_ms = options.max_age_ms ?? MAX_AGE_MS;
  const { consumers } = options;
  const bytes = (options.max_bytes ?? MAX_BYTES) / Math.max(1, consumers.length);
  const bounds = { frames: options.max_waiting ?? 512, bytes, age_ms };
  const losses = { evicted: 0, expired: 0 };
  const spare = waitingRoom({ ...SPARE, age_ms, now: Date.now }, losses);
  const publishing = await openLink(url, "gt-vision frames", on_error);
  const turns = publisher(publishing);
  const slots = await openSlots(options.slots_url, consumers, bounds, {
    error: on_error,
    back: () => void bringBack(),
  });
  const takers = new Set<TurnTaker>();
  let consuming: Promise<Link> | null = null;

  const publish = (turn: Turn): Promise<void> => begin(turn, turns, slots, age_ms);
  const offer = offering(slots, spare, (turn) => void publish(turn).catch(on_error));
  /** What came while Redis was away. */
  const bringBack = async (): Promise<void> => {
    for (let frame = spare.take(); frame !== null; frame = spare.take()) await offer(frame);
  };

  return {
    offer: async (frame) => {
      if (frame.bytes.byteLength > MAX_FRAME_BYTES)
        throw new AppError("too_large", "A frame has at most 5 MiB", { reason: "frame.too_large" });
      return offer(frame);
    },
    consume: async (consumer, parallel, handle) => {
      if (!consumers.includes(consumer)) throw new AppError("internal", `No frames are kept for ${consumer}`);
      const link = await (consuming ??= openLink(url, "gt-vision takes frames", on_error));
      const drain_ms = options.drain_ms ?? DRAIN_MS;
      const taker = takeTurns({ link, slots, publish, consumer, parallel, handle, drain_ms, on_error });
      takers.add(taker);
      return { stop: () => taker.stop().finally(() => takers.delete(taker)) };
    },
    refused: () => slots.refused(),
    counts: async () => {
      const counts = await slots.counts();
      return Object.fromEntries(
        consumers.map((consumer) => [consumer, withSpare(counts?.[consumer] ?? NONE, spare.size(), losses)]),
      );
    },
    close: async () => {
      await Promise.all([...takers].map((taker) => taker.stop()));
      await turns.end();
      await Promise.all([publishing.close(), consuming?.then((link) => link.close())]);
      slots.close();
    },
  };
};

const NONE: FrameCounts = { waiting: 0, held: 0, taken: 0, evicted: 0, expired: 0, refused: 0 };

/** What waits here, or was lost here, all consumers miss. */
const withSpare = (counts: FrameCounts, waiting: number, { evicted, expired }: Losses): FrameCounts => ({
  ...counts,
  waiting: counts.waiting + waiting,
  evicted: counts.evicted + evicted,
  expired: counts.expired + expired,
});

/** Confirmed; or forgotten, so that the next frame of its camera begins another. */
const begin = async (turn: Turn, turns: ReturnType<typeof publisher>, slots: Slots, age_ms: number): Promise<void> => {
  try {
    const unrouted = await turns.send([messageOf(turn, turn.attempt === 1 ? age_ms : HOLD_MS)]);
    if (unrouted.length > 0)
      throw new AppError("internal", "The queue of turns is missing: the definitions of RabbitMQ have not been loaded");
  } catch (error) {
    if (turn.attempt === 1) await slots.forget(turn);
    throw error;
  }
};

const offering =
  (slots: Slots, spare: WaitingRoom, begins: (turn: Turn) => void) =>
  async (frame: Frame): Promise<boolean> => {
    const offered = await slots.offer(frame);
    // Taken, not kept: who sends pictures is not to be troubled with our Redis.
    if (offered === null) return spare.add(frame) === "added";
    // Not waited for: with the broker away each frame would be held for seconds in the process that takes it in.
    for (const turn of offered.turns) begins(turn);
    return becameOf(offered.became);
  };
