/**
 * The broker: work queues between functions, at least once.
 *
 * Promises that every adapter keeps (`test/contracts/broker.test.ts` holds them all to it):
 * - `publish` resolves only when the message is durable in every queue bound to its type; a type that no queue is
 *   bound to is refused (`unroutable`), never swallowed.
 * - A delivered message is held until it is settled. A consumer that dies without settling gives it back.
 * - Settling by a holder whose hold has lapsed changes nothing (fencing): `settle` then answers `false`.
 * - `retry` counts an attempt, `park` does not. Both come back after `delay_seconds`, never earlier.
 * - Order is promised per `partition_key` only where the queue asks for it, and never across keys.
 * - Dead letters keep the message, its attempts and the reason until they are redriven or discarded.
 */
import type { TransactionSql } from "#lib/db/connect.ts";
import type { CloudEvent } from "#lib/events.ts";

export type QueueSpec = {
  /** Unique name, e.g. `ai.match-plate`. */
  name: string;
  /** Event types this queue receives, e.g. `lpr.detected`. */
  types: readonly string[];
  /** How many messages one consumer holds at once. Default 4. */
  parallel?: number;
  /** True: one message per `partition_key` at a time, in the order they were published. */
  ordered?: boolean;
};

export type Delivery = {
  event: CloudEvent;
  queue: string;
  /** 1 for the first. Parking does not raise it. */
  attempt: number;
  /** Grows with every hand-out; a settlement with an old one is refused. */
  fencing_token: number;
  /** When it was first published. */
  published_at: Date;
};

export type Settlement =
  | { done: true }
  | { retry: true; delay_seconds: number; reason: string }
  | { park: true; delay_seconds: number; reason: string }
  | { dead: true; reason: string };

/** Before the second, third and fourth attempt. RabbitMQ has a queue of each: another delay is other definitions. */
export const RETRY_SECONDS = [1, 2, 4] as const;

/**
 * How long a message is parked by who does not know better, and at most. An adapter whose delays are queues rounds up to
 * the next that it has (RabbitMQ: `RETRY_SECONDS` and this).
 */
export const PARK_SECONDS = 60;

export type DeadLetter = {
  id: string;
  queue: string;
  event: CloudEvent;
  attempts: number;
  reason: string;
  died_at: Date;
};

/** `reason`: only those whose reason has this in it. */
export type Redriven = { id: string } | { queue: string; reason?: string | undefined } | "all";

export type QueueDepth = {
  queue: string;
  waiting: number;
  /** RabbitMQ: by consumers of this process, because it tells only what lies ready. Their sum is the system's. */
  held: number;
  parked: number;
  dead: number;
  /** RabbitMQ: from what this process has seen, and never less than it is. */
  oldest_seconds: number;
};

export type Consumer = { stop(): Promise<void> };

export type Broker = {
  /** Throws `unavailable` when durability could not be confirmed in 5 s: then nobody knows whether it is in. */
  publish(events: readonly CloudEvent[]): Promise<void>;
  /**
   * Only where the queues are tables of the caller's own database: they are in when its transaction commits, which takes no
   * second connection. The answer is to be called after the commit.
   */
  publishWithin?(tx: TransactionSql, events: readonly CloudEvent[]): Promise<() => void>;
  /** Calls `handle` for each message, at most `parallel` at once. The answer settles it; a throw is `retry` after 1 s. */
  consume(queue: string, handle: (delivery: Delivery) => Promise<Settlement>): Promise<Consumer>;
  /** Puts dead letters back with attempts reset: one id, all or some of a queue, or everything. Answers how many. */
  redrive(which: Redriven): Promise<number>;
  /** The newest first where the adapter can tell (PostgreSQL), otherwise as they lie (RabbitMQ: the oldest first). */
  deadLetters(queue: string, limit: number): Promise<DeadLetter[]>;
  depths(): Promise<QueueDepth[]>;
  close(): Promise<void>;
};
