/**
 * Work that takes minutes is never a message in hand. Where queues are not tables already, its messages move into the work
 * table as they come: there a lease is renewed while somebody works, and a fencing token refuses who has lost it. RabbitMQ
 * would take back what is in hand for too long, and close the line of who has it.
 */
import type { Broker, QueueDepth, QueueSpec } from "#lib/broker/broker.ts";
import { connectBroker } from "#lib/broker/connect.ts";
import type { Sql } from "#lib/db/connect.ts";
import type { DeliveredQueue } from "./deliver.ts";

/** What takes no longer is soon settled again, and one hop less. */
const LONG_SECONDS = 120;
const AGAIN_SECONDS = 5;

/** `sql` logs in as gt_system. Closing the answer leaves `broker` open. */
export const withLongWork = async (
  broker: Broker,
  parts: { sql: Sql; queues: readonly (QueueSpec & DeliveredQueue)[]; on_error?: (error: unknown) => void },
): Promise<Broker> => {
  const { sql, queues, ...more } = parts;
  const long = queues.filter(({ timeout_seconds }) => timeout_seconds > LONG_SECONDS);
  if (broker.publishWithin || long.length === 0) return { ...broker, close: async () => undefined };
  // One each, so that an event that two of them hear is in each once, by its own message.
  const tables = new Map<string, Broker>();
  for (const spec of long) tables.set(spec.name, await connectBroker("postgres:", { queues: [spec], sql, ...more }));
  const all = [broker, ...tables.values()];

  return {
    publish: broker.publish,
    consume: async (queue, handle) => {
      const table = tables.get(queue);
      if (!table) return broker.consume(queue, handle);
      const working = await table.consume(queue, handle);
      const moving = await broker.consume(queue, async ({ event }) =>
        table.publish([event]).then(
          () => ({ done: true }),
          () => ({ park: true, delay_seconds: AGAIN_SECONDS, reason: "the work table could not be reached" }),
        ),
      );
      return {
        stop: async () => {
          await moving.stop();
          await working.stop();
        },
      };
    },
    redrive: async (which) => {
      if (which === "all")
        return (await broker.redrive("all")) + ((await [...tables.values()][0]?.redrive("all")) ?? 0);
      if ("id" in which) return (isRow(which.id) ? [...tables.values()][0]! : broker).redrive(which);
      return (await broker.redrive(which)) + ((await tables.get(which.queue)?.redrive(which)) ?? 0);
    },
    deadLetters: async (queue, limit) => {
      const rows = (await tables.get(queue)?.deadLetters(queue, limit)) ?? [];
      return [...rows, ...(await broker.deadLetters(queue, limit - rows.length))];
    },
    depths: async () => sum((await Promise.all(all.map((one) => one.depths()))).flat()),
    close: async () => {
      for (const table of tables.values()) await table.close();
    },
  };
};

/** Rows are known by an id alone, letters of a broker by their queue too. */
const isRow = (id: string): boolean => /^[0-9a-f-]{36}$/.test(id);

const sum = (depths: readonly QueueDepth[]): QueueDepth[] => {
  const summed = new Map<string, QueueDepth>();
  for (const depth of depths) {
    const { queue, waiting, held, parked, dead, oldest_seconds } = depth;
    const before = summed.get(queue);
    if (!before) summed.set(queue, { ...depth });
    else
      summed.set(queue, {
        queue,
        waiting: before.waiting + waiting,
        held: before.held + held,
        parked: before.parked + parked,
        dead: before.dead + dead,
        oldest_seconds: Math.max(before.oldest_seconds, oldest_seconds),
      });
  }
  return [...summed.values()];
};
