/** The broker of one machine: a table of the database that is there anyway. */
import type { Sql, TransactionSql } from "postgres";
import { AppError } from "#lib/errors.ts";
import type { CloudEvent } from "#lib/events.ts";
import type { Broker, QueueSpec } from "#lib/broker/broker.ts";
import { consuming, type Pace } from "./consuming.ts";
import { workTable, type Item } from "./work-table.ts";

export type PostgresBrokerOptions = {
  queues: readonly QueueSpec[];
  /** Handed in by tests; without it the database's clock rules, so that replicas need not agree. */
  clock?: () => Date;
  /** Told after each publish which queues got something, e.g. to send a hint to other processes. */
  on_publish?: (queues: readonly string[]) => void;
  on_error?: (error: unknown) => void;
  pace?: Partial<Pace>;
};

/** `wake` is a hint from outside that something may be due: all queues, or those named. */
export type PostgresBroker = Broker &
  Required<Pick<Broker, "publishWithin">> & { wake(queues?: readonly string[]): void };

const PUBLISH_TIMEOUT_MS = 5000;
const PACE: Pace = { lease_ms: 30_000, busy_ms: 100, idle_ms: 1000, drain_ms: 5000, max_lapses: 5 };

/** `sql` logs in as `gt_system` and stays the caller's to end. */
export const postgresBroker = (sql: Sql, options: PostgresBrokerOptions): PostgresBroker => {
  const pace = { ...PACE, ...options.pace };
  const onError = options.on_error ?? ((error) => process.emitWarning(`broker: ${String(error)}`));
  const table = workTable(sql, options.clock, pace.lease_ms);
  const specs = new Map(options.queues.map((spec) => [spec.name, spec]));
  if (specs.size !== options.queues.length) throw new AppError("internal", "Two queues have the same name");
  const bound = bindings(options.queues);
  const work = consuming(table, pace, onError);
  const unordered = options.queues.filter(({ ordered }) => !ordered).map(({ name }) => name);
  let prepared: Promise<void> | null = null;

  const itemsOf = (events: readonly CloudEvent[]): Item[] => routed(bound, events);
  const tell = (items: readonly Item[]): void => {
    if (items.length === 0) return;
    const queues = [...new Set(items.map(({ queue }) => queue))];
    work.wake(queues);
    options.on_publish?.(queues);
  };

  return {
    publish: async (events) => {
      const items = itemsOf(events);
      if (items.length > 0) await confirmed(table.add(items));
      tell(items);
    },
    publishWithin: async (tx: TransactionSql, events) => {
      const items = itemsOf(events);
      if (items.length > 0) await table.addWithin(tx, items);
      return () => tell(items);
    },
    consume: async (queue, handle) => {
      const spec = specs.get(queue);
      if (!spec) throw new AppError("internal", `There is no queue ${queue}`, { reason: "broker.no_queue" });
      await (prepared ??= table.unblock(unordered));
      return work.start(spec, handle);
    },
    redrive: async (which) => {
      const count = await table.redrive(which);
      work.wake();
      return count;
    },
    deadLetters: (queue, limit) => table.deadLetters(queue, limit),
    depths: async () => {
      const counted = new Map((await table.depths()).map((depth) => [depth.queue, depth]));
      const empty = { waiting: 0, held: 0, parked: 0, dead: 0, oldest_seconds: 0 };
      for (const queue of specs.keys()) if (!counted.has(queue)) counted.set(queue, { queue, ...empty });
      return [...counted.values()].sort((a, b) => (a.queue < b.queue ? -1 : 1));
    },
    wake: work.wake,
    close: work.close,
  };
};

const routed = (bound: Map<string, QueueSpec[]>, events: readonly CloudEvent[]): Item[] => {
  const unroutable = events.filter(({ type }) => !bound.has(type)).map(({ type }) => type);
  if (unroutable.length > 0)
    throw new AppError("invalid", "No queue is bound to this type", {
      reason: "broker.unroutable",
      params: { types: [...new Set(unroutable)].join(",") },
    });
  return events.flatMap((event) =>
    bound.get(event.type)!.map(({ name, ordered }) => ({
      queue: name,
      lane: ordered ? (event.partitionkey ?? null) : null,
      event,
    })),
  );
};

/** event type → its queues */
const bindings = (queues: readonly QueueSpec[]): Map<string, QueueSpec[]> => {
  const bound = new Map<string, QueueSpec[]>();
  for (const spec of queues) for (const type of spec.types) bound.set(type, [...(bound.get(type) ?? []), spec]);
  return bound;
};

const confirmed = async (work: Promise<void>): Promise<void> => {
  const unknown = (cause?: unknown): AppError =>
    new AppError("unavailable", "Nobody knows whether it was published", {
      reason: "broker.unconfirmed",
      retry_after_seconds: 1,
      cause,
    });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unknown()), PUBLISH_TIMEOUT_MS);
  });
  const done = work.catch((error: unknown) => {
    throw unknown(error);
  });
  // Whoever loses the race must not end the process.
  done.catch(() => undefined);
  await Promise.race([done, late]).finally(() => clearTimeout(timer));
};
