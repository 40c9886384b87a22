/** What the checks of a broker have in common: its bench, queues, events, and who consumes them. */
import assert from "node:assert/strict";
import type { CloudEvent } from "#lib/events.ts";
import { uuidv7 } from "#lib/ids.ts";
import type { Broker, Delivery, QueueSpec, Settlement } from "#lib/broker/broker.ts";
import { check, type Bench, type Check } from "./check.ts";

export type BrokerBench = Bench & {
  broker: Broker;
  /** Another process at the same queues. */
  another(): Promise<Broker>;
  /** The first process ends without a word. What it had in hand is still held for it. */
  kill(): Promise<void>;
  pass(ms: number): Promise<void>;
  /** Of the clock that `pass` moves; it may also run by itself. */
  now(): number;
  /** How long nothing may happen before a delay is over; 0 where the clock runs by itself and would not wait. */
  watch_ms: number;
  /** Everything in anybody's hand counts as given up. */
  lapse(): Promise<void>;
};

export const queues: readonly QueueSpec[] = [
  { name: "ai.match-plate", types: ["lpr.detected"], parallel: 4 },
  { name: "ai.store-plate", types: ["lpr.detected", "lpr.posted"], parallel: 4 },
  { name: "streaming.follow", types: ["recording.started"], parallel: 4, ordered: true },
  { name: "streaming.cut-clip", types: ["clip.requested"], parallel: 3 },
];

export const eventOf = (type: string, name = "", partitionkey?: string): CloudEvent => ({
  specversion: "1.0",
  id: uuidv7(),
  source: "/test",
  type,
  time: "2026-03-04T12:00:00.000Z",
  datacontenttype: "application/json",
  dataschema: `/schemas/${type}/1`,
  correlationid: "corr",
  ...(partitionkey === undefined ? {} : { partitionkey }),
  data: { name },
});

export const CLIP = "streaming.cut-clip";
export const clip = (name = ""): CloudEvent => eventOf("clip.requested", name);
export const nameOf = ({ event }: Delivery): string => String(event.data["name"]);
export const on = (title: string, body: (bench: BrokerBench) => Promise<void>): Check<BrokerBench> =>
  check(title, body);
export const done: Settlement = { done: true };

/** Consumes and remembers; `answer` settles, by default with done. */
export const collect = async (
  broker: Broker,
  queue: string,
  answer: (d: Delivery) => Settlement | Promise<Settlement> = () => done,
) => {
  const got: Delivery[] = [];
  const consumer = await broker.consume(queue, async (delivery) => {
    got.push(delivery);
    return answer(delivery);
  });
  return { got, stop: consumer.stop };
};
export const depthOf = async (broker: Broker, queue: string) => {
  const depth = (await broker.depths()).find((one) => one.queue === queue);
  assert.ok(depth, `no depth of ${queue}`);
  return depth;
};
export const isEmpty = async (broker: Broker, queue: string): Promise<boolean> => {
  const { waiting, held, parked } = await depthOf(broker, queue);
  return waiting + held + parked === 0;
};
/** So many have been handed out and settled, or more. */
export const isSettled = async (broker: Broker, got: readonly Delivery[], count: number): Promise<boolean> =>
  got.length > count || (got.length === count && (await depthOf(broker, CLIP)).held === 0);
export const assertApart = (times: readonly number[], ms: number): void => {
  const gaps = times.slice(1).map((at, n) => at - times[n]!);
  assert.ok(
    gaps.every((gap) => gap >= ms),
    `${gaps.join(", ")} ms are not all ${ms} ms`,
  );
};
export const forever = new Promise<Settlement>(() => undefined);
