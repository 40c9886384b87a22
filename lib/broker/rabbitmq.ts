/** The broker of a city and more: RabbitMQ from 3.10, quorum queues. Its topology is loaded at deploy (`infra/rabbitmq`). */
import { AppError } from "#lib/errors.ts";
import type { CloudEvent } from "#lib/events.ts";
import { pause } from "#lib/pause.ts";
import type { Broker, QueueDepth, QueueSpec, Redriven } from "#lib/broker/broker.ts";
import { startConsumer, type QueueConsumer } from "./rabbitmq/consumer.ts";
import { listLetters, queueOfLetter, redriveAll, redriveOne, redriveThose } from "./rabbitmq/letters.ts";
import { openLink, type Link } from "./rabbitmq/link.ts";
import { outgoing } from "./rabbitmq/message.ts";
import { publisher, type Publisher } from "./rabbitmq/publisher.ts";
import { allNames, EXCHANGE, namesOf } from "./rabbitmq/topology.ts";

export type RabbitmqBrokerOptions = {
  queues: readonly QueueSpec[];
  clock?: () => Date;
  on_publish?: (queues: readonly string[]) => void;
  on_error?: (error: unknown) => void;
  pace?: { second_ms?: number; drain_ms?: number };
};

type Parts = {
  /** Apart, because an alarm silences a connection that has published, and what is taken must go on being settled. */
  consuming: Link;
  publishing: Link;
  publisher: Publisher;
  specs: Map<string, QueueSpec>;
  consumers: Map<QueueConsumer, string>;
  ages: ReturnType<typeof waitingAges>;
  now: () => number;
};

const REACHED_MS = 5000;
/** Who asks for counts is asked for them itself, and at short intervals. */
const TOLD_MS = 2000;
const DRAIN_MS = 5000;

export const rabbitmqBroker = async (url: string, options: RabbitmqBrokerOptions): Promise<Broker> => {
  const onError = options.on_error ?? ((error) => process.emitWarning(`broker: ${String(error)}`));
  const specs = new Map(options.queues.map((spec) => [spec.name, spec]));
  if (specs.size !== options.queues.length) throw new AppError("internal", "Two queues have the same name");
  const consuming = await openLink(url, "gt-vision consumes", onError);
  const publishing = await openLink(url, "gt-vision publishes", onError);
  const now = (): number => (options.clock?.() ?? new Date()).getTime();
  const parts: Parts = {
    consuming,
    publishing,
    publisher: publisher(publishing),
    specs,
    consumers: new Map(),
    ages: waitingAges(now),
    now,
  };
  const close = closing(parts);
  const bound = bindings(options.queues);
  await checked(consuming, options.queues, onError).catch(async (error: unknown) => {
    await close();
    throw error;
  });

  return {
    publish: async (events) => {
      // Those that only others may be bound to go first: one that nobody wants keeps its whole batch out.
      const [known, others] = [events.filter(isIn(bound)), events.filter((event) => !isIn(bound)(event))];
      for (const some of [others, known]) if (some.length > 0) await publishAll(parts, some);
      const queues = [...new Set(known.flatMap(({ type }) => bound.get(type) ?? []))];
      for (const queue of queues) parts.ages.added(queue);
      if (queues.length > 0) options.on_publish?.(queues);
    },
    consume: async (queue, handle) => {
      const spec = specOf(parts, queue);
      const consumer = startConsumer({
        link: consuming,
        publisher: parts.publisher,
        spec,
        handle,
        pace: { second_ms: options.pace?.second_ms ?? 1000, drain_ms: options.pace?.drain_ms ?? DRAIN_MS, now },
        on_received: (published_ms) => parts.ages.received(queue, published_ms),
        on_error: onError,
      });
      parts.consumers.set(consumer, queue);
      return { stop: () => consumer.stop().finally(() => parts.consumers.delete(consumer)) };
    },
    redrive: (which) => redrive(parts, which),
    deadLetters: (queue, limit) => listLetters(consuming, specOf(parts, queue).name, limit, now()),
    depths: () => depths(parts),
    close,
  };
};

const isIn =
  (bound: Map<string, string[]>) =>
  ({ type }: CloudEvent): boolean =>
    bound.has(type);

/** event type → its queues */
const bindings = (queues: readonly QueueSpec[]): Map<string, string[]> => {
  const bound = new Map<string, string[]>();
  for (const { name, types } of queues) for (const type of types) bound.set(type, [...(bound.get(type) ?? []), name]);
  return bound;
};

const specOf = ({ specs }: Parts, queue: string): QueueSpec => {
  const spec = specs.get(queue);
  if (!spec) throw new AppError("internal", `There is no queue ${queue}`, { reason: "broker.no_queue" });
  return spec;
};

const publishAll = async ({ publisher: out, now }: Parts, events: readonly CloudEvent[]): Promise<void> => {
  const first = { attempt: 1, hops: 0, published_ms: now() };
  const unrouted = await out.send(events.map((event) => outgoing(EXCHANGE, event.type, event, first)));
  if (unrouted.length === 0) return;
  throw new AppError("invalid", "No queue is bound to this type", {
    reason: "broker.unroutable",
    params: { types: [...new Set(unrouted.map(({ key }) => key))].join(",") },
  });
};

const redrive = async (parts: Parts, which: Redriven): Promise<number> => {
  const { consuming: link, publisher: out, now } = parts;
  const of = (queue: string) => ({ link, publisher: out, queue, now: now() });
  if (which !== "all") {
    if ("queue" in which) {
      const its = of(specOf(parts, which.queue).name);
      return which.reason === undefined ? redriveAll(its) : redriveThose(its, which.reason);
    }
    const queue = queueOfLetter(which.id);
    return parts.specs.has(queue) ? redriveOne(of(queue), which.id) : 0;
  }
  let count = 0;
  for (const queue of parts.specs.keys()) count += await redriveAll(of(queue));
  return count;
};

/**
 * A passive declaration tells what lies ready in a queue, with no plugin; what is in somebody's hand it does not tell.
 * So `held`, and what waits in the hand of a consumer, are those of this process: the sum over all is the system's.
 */
const depths = async (parts: Parts): Promise<QueueDepth[]> => {
  const channel = await parts.consuming.channel(TOLD_MS);
  try {
    const ready = async (names: readonly string[]): Promise<number> => {
      let sum = 0;
      for (const name of names) sum += (await channel.checkQueue(name)).messageCount;
      return sum;
    };
    const all: QueueDepth[] = [];
    for (const spec of parts.specs.values()) {
      const { work, retry, park, dead } = namesOf(spec);
      const own = ownCounts(parts, spec.name);
      const waiting = own.waiting + (await ready([work, ...retry]));
      const parked = own.parked + (park === null ? 0 : await ready([park]));
      const oldest_seconds = parts.ages.seconds(spec.name, waiting + own.held + parked);
      all.push({ queue: spec.name, waiting, held: own.held, parked, dead: await ready([dead]), oldest_seconds });
    }
    return all.sort((a, b) => (a.queue < b.queue ? -1 : 1));
  } finally {
    await channel.close().catch(() => undefined);
  }
};

const ownCounts = ({ consumers }: Parts, queue: string) => {
  const own = [...consumers].filter(([, of]) => of === queue).map(([consumer]) => consumer.counts());
  const sum = (count: "waiting" | "held" | "parked"): number => own.reduce((total, one) => total + one[count], 0);
  return { waiting: sum("waiting"), held: sum("held"), parked: sum("parked") };
};

/**
 * How long a queue's oldest has been in it, from what this process has seen, and never less: nothing tells the age of a
 * message without taking it. What waits was published after what was taken last, or since the queue was seen empty.
 */
const waitingAges = (now: () => number) => {
  const since = new Map<string, number>();
  return {
    added: (queue: string): void => void (since.has(queue) || since.set(queue, now())),
    received: (queue: string, published_ms: number): void => void since.set(queue, published_ms),
    seconds: (queue: string, count: number): number => {
      if (count === 0) since.delete(queue);
      else if (!since.has(queue)) since.set(queue, now());
      return (now() - (since.get(queue) ?? now())) / 1000;
    },
  };
};

/** A topology that was not loaded is refused at the start. A broker that cannot be reached yet is waited for. */
const checked = async (link: Link, queues: readonly QueueSpec[], onError: (error: unknown) => void): Promise<void> => {
  const checking = missing(link, queues.flatMap(allNames)).then((names) => {
    if (names.length === 0) return;
    throw new AppError(
      "internal",
      `RabbitMQ lacks ${names.join(", ")}: its definitions have not been loaded (infra/rabbitmq)`,
      { reason: "broker.no_queue" },
    );
  });
  const isReached = await pause().within(
    checking.catch(() => undefined),
    REACHED_MS,
  );
  if (isReached) return checking;
  onError(new Error("RabbitMQ cannot be reached yet"));
  checking.catch(onError);
};

const missing = async (link: Link, queues: readonly string[]): Promise<string[]> => {
  const names: string[] = [];
  const look = async (name: string, check: "checkQueue" | "checkExchange"): Promise<void> => {
    try {
      await channel[check](name);
    } catch (error) {
      if ((error as { code?: unknown }).code !== NOT_FOUND) throw error;
      names.push(name);
      // The answer ends the channel.
      channel = await link.channel();
    }
  };
  let channel = await link.channel();
  await look(EXCHANGE, "checkExchange");
  for (const queue of queues) await look(queue, "checkQueue");
  await channel.close();
  return names;
};
const NOT_FOUND = 404;

const closing =
  ({ consumers, consuming, publisher: out, publishing }: Parts) =>
  async (): Promise<void> => {
    await Promise.all([...consumers.keys()].map((consumer) => consumer.stop()));
    await Promise.all([out.end(), consuming.close(), publishing.close()]);
  };
