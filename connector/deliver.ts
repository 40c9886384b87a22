/** Queue → function: each message is delivered, and settled as `retry-rules.ts` says. */
import { PARK_SECONDS, type Broker, type Consumer, type Delivery, type Settlement } from "#lib/broker/broker.ts";
import type { CloudEvent } from "#lib/events.ts";
import type { Log } from "#lib/log.ts";
import { pause } from "#lib/pause.ts";
import { createBreaker, type Breaker } from "./breaker.ts";
import { createHeldSubjects, type HeldSubjects } from "./held-subjects.ts";
import { foundIn, parkSeconds, settlementOf, type Outcome } from "./retry-rules.ts";

/** `functionName` is `<context>.<name>`, which is also the name of its queue. A throw is a failed attempt. */
export type Deliver = (
  functionName: string,
  event: CloudEvent,
  attempt: number,
  signal: AbortSignal,
) => Promise<Outcome>;

export type DeliveredQueue = { name: string; timeout_seconds: number };
export type DeliveryCounts = { done: number; retried: number; parked: number; dead: number };
export type Deliveries = {
  stop(): Promise<void>;
  counts(): Record<string, DeliveryCounts>;
  /** Queues whose function is not asked at present, because it, or what it needs, is down. */
  spared(): string[];
};

/** `functionName` is `<context>.<name>`. */
export type RunPlanned = (functionName: string, plannedFor: Date, signal: AbortSignal) => Promise<Outcome>;

type Parts = {
  broker: Broker;
  queues: readonly DeliveredQueue[];
  deliver: Deliver;
  log: Log;
  clock?: () => Date;
  /** Handed in by tests. */
  wait?: (ms: number) => Promise<void>;
};

export const startDeliveries = async (parts: Parts): Promise<Deliveries> => {
  const { broker, queues, deliver, log } = parts;
  const stopping = new AbortController();
  const naps = pause();
  const count = counting(log);
  const breakers = new Map(queues.map(({ name }) => [name, breakerOf(parts, name, naps.nap)]));
  const clock = parts.clock ?? (() => new Date());
  const consumers: Consumer[] = [];

  const handle = async (
    queue: DeliveredQueue,
    breaker: Breaker,
    held: HeldSubjects,
    delivery: Delivery,
  ): Promise<Settlement> => {
    const { subject } = delivery.event;
    const held_seconds = held.pass(subject);
    if (held_seconds !== null) {
      const reason = "not asked: somebody holds what it writes, as another message was told";
      return count(delivery, { park: true, delay_seconds: held_seconds, reason }, "unasked");
    }
    const passed = await breaker.pass();
    if ("later_seconds" in passed) {
      const reason = "not asked: the function, or what it needs, is down";
      const delay_seconds = Math.min(PARK_SECONDS, passed.later_seconds);
      return count(delivery, { park: true, delay_seconds, reason }, "unasked");
    }
    const outcome = await attemptOnce(deliver, queue, delivery, stopping.signal);
    passed.tell(foundIn(outcome), parkSeconds(outcome));
    held.tell(subject, outcome);
    return count(delivery, settlementOf(outcome, delivery.attempt));
  };

  for (const queue of queues) {
    const held = createHeldSubjects(clock);
    const breaker = breakers.get(queue.name)!;
    consumers.push(await broker.consume(queue.name, (delivery) => handle(queue, breaker, held, delivery)));
  }
  return {
    stop: async () => {
      for (const breaker of breakers.values()) breaker.end();
      const stopped = Promise.all(consumers.map((consumer) => consumer.stop()));
      naps.wakeAll();
      await stopped;
      stopping.abort(new Error("The connector stops"));
    },
    counts: count.all,
    spared: () => [...breakers].flatMap(([name, breaker]) => (breaker.isOpen() ? [name] : [])),
  };
};

const breakerOf = ({ clock, wait, log }: Parts, queue: string, nap: (ms: number) => Promise<void>): Breaker =>
  createBreaker({
    clock: clock ?? (() => new Date()),
    wait: wait ?? nap,
    turned: (isOpen) => {
      if (isOpen) log.error("A function, or what it needs, is down: one message at a time asks for all", { queue });
      else log.info("A function is back: its queue goes on", { queue });
    },
  });

/** Counts and logs how a delivery ended, and answers it. Why nobody is asked was said when it began. */
const counting = (log: Log) => {
  const counts: Record<string, DeliveryCounts> = {};
  const count = (
    { event, queue, attempt }: Delivery,
    settlement: Settlement,
    was: "asked" | "unasked" = "asked",
  ): Settlement => {
    const counted = (counts[queue] ??= { done: 0, retried: 0, parked: 0, dead: 0 });
    const facts = { queue, event: event.id, type: event.type, attempt, correlation_id: event.correlationid };
    if ("done" in settlement) counted.done++;
    else if ("retry" in settlement) {
      counted.retried++;
      log.warn("A delivery failed and is tried again", { ...facts, ...settlement });
    } else if ("park" in settlement) {
      counted.parked++;
      log[was === "asked" ? "warn" : "debug"]("A delivery is parked", { ...facts, ...settlement });
    } else {
      counted.dead++;
      log.error("A message is dead-lettered", { ...facts, ...settlement });
    }
    return settlement;
  };
  return Object.assign(count, { all: () => structuredClone(counts) });
};

/** A function that heeds no signal must not hold its message for ever. */
const attemptOnce = async (
  deliver: Deliver,
  { name, timeout_seconds }: DeliveredQueue,
  { event, attempt }: Delivery,
  stopping: AbortSignal,
): Promise<Outcome> => {
  const late = new AbortController();
  const signal = AbortSignal.any([stopping, late.signal]);
  const naps = pause();
  let isOver = false;
  const timedOut = naps.nap(timeout_seconds * 1000).then((): Outcome => {
    if (!isOver) late.abort(new Error(`No answer within ${timeout_seconds} s`));
    return { status: 504, final: false, reason: `no answer within ${timeout_seconds} s` };
  });
  const answered = (async () => deliver(name, event, attempt, signal))().catch((error: unknown): Outcome => ({
    status: 500,
    final: false,
    reason: error instanceof Error ? error.message : String(error),
  }));
  const outcome = await Promise.race([answered, timedOut]);
  isOver = true;
  naps.wakeAll();
  return outcome;
};
