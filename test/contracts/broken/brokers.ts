import type { Broker, Delivery, QueueSpec, Settlement } from "#lib/broker/broker.ts";
import { arrayBroker, nothingKept, type ArrayBroker, type Kept } from "../adapters/array-broker.ts";
import { queues, type BrokerBench } from "../broker-bench.ts";
import { handClock, type Broken } from "../check.ts";

type Spoil = (good: ArrayBroker, kept: Kept) => Partial<Broker>;

const broken = (
  name: string,
  fails: string,
  spoil: Spoil,
  specs: readonly QueueSpec[] = queues,
  afterKill: (kept: Kept) => void = () => undefined,
): Broken<BrokerBench> => ({
  name,
  fails,
  make: async () => {
    const clock = handClock();
    const kept = nothingKept();
    const all: Broker[] = [];
    const open = (): ArrayBroker => {
      const good = arrayBroker(kept, specs, () => clock.now().getTime());
      const spoilt = { ...good, ...spoil(good, kept) };
      all.push(spoilt);
      return spoilt;
    };
    const first = open();
    return {
      broker: first,
      another: async () => open(),
      kill: async () => {
        first.kill();
        afterKill(kept);
      },
      pass: async (ms) => clock.pass(ms),
      now: () => clock.now().getTime(),
      watch_ms: 150,
      lapse: async () => void (kept.lapsed = kept.tokens),
      close: async () => {
        await Promise.all(all.map((broker) => broker.close()));
      },
    };
  },
});

/** Changes what a handler answers. */
const answering =
  (change: (settlement: Settlement, delivery: Delivery) => Settlement): Spoil =>
  (good) => ({
    consume: (queue, handle) => good.consume(queue, async (delivery) => change(await handle(delivery), delivery)),
  });

export const brokenBrokers: readonly Broken<BrokerBench>[] = [
  broken(
    "keeps messages in its process",
    "what is published survives the end of the process that published it",
    () => ({}),
    queues,
    (kept) => {
      kept.entries.length = 0;
    },
  ),
  broken(
    "swallows what nobody is bound to",
    "a type that no queue is bound to is refused, and nothing of its batch is in",
    (good) => ({
      publish: (events) => good.publish(events.filter(({ type }) => type !== "nobody.listens")),
    }),
  ),
  broken(
    "counts parking as an attempt",
    "parking leaves the attempts as they are, and is visible while it lasts",
    answering((settlement) =>
      "park" in settlement ? { retry: true, delay_seconds: settlement.delay_seconds, reason: "down" } : settlement,
    ),
  ),
  broken(
    "comes back early",
    "a retry counts an attempt and comes after its delay, not before",
    answering((settlement) => ("retry" in settlement ? { ...settlement, delay_seconds: 1 } : settlement)),
  ),
  broken(
    "settles when it hands out",
    "a message whose consumer died without settling goes to another, no attempt counted",
    (good, kept) => ({
      consume: (queue, handle) =>
        good.consume(queue, async (delivery) => {
          kept.entries = kept.entries.filter(({ event }) => event.id !== delivery.event.id);
          return handle(delivery);
        }),
    }),
  ),
  broken(
    "forgets what is in hand at a stop",
    "a consumer that stops without settling gives its message back",
    (good) => ({
      consume: async (queue, handle) => {
        const stopped = Promise.withResolvers<Settlement>();
        const consumer = await good.consume(queue, (delivery) => Promise.race([handle(delivery), stopped.promise]));
        return { stop: async () => (stopped.resolve({ done: true }), consumer.stop()) };
      },
    }),
  ),
  broken(
    "believes a holder from the past",
    "who settles after the hold has lapsed changes nothing for the new holder",
    (good, kept) => ({
      consume: (queue, handle) =>
        good.consume(queue, async (delivery) => {
          const settlement = await handle(delivery);
          if (!("dead" in settlement)) return settlement;
          kept.entries = kept.entries.filter(({ event }) => event.id !== delivery.event.id);
          const { event, attempt } = delivery;
          kept.letters.push({ id: "l", queue, event, attempts: attempt, reason: "late", died_at: new Date() });
          return settlement;
        }),
    }),
  ),
  broken(
    "drops the reason of a death",
    "a dead letter keeps message, attempts and reason, and comes no more",
    (good) => ({
      deadLetters: async (queue, limit) =>
        (await good.deadLetters(queue, limit)).map((letter) => ({ ...letter, reason: "" })),
    }),
  ),
  broken(
    "keeps no order",
    "where order is asked for, a key's messages come one at a time and in order",
    () => ({}),
    queues.map((spec) => ({ ...spec, ordered: false })),
  ),
  broken("redrives a copy", "redrive puts dead letters back once, with attempts from the start", (good, kept) => ({
    redrive: async (which) => {
      const before = [...kept.letters];
      const count = await good.redrive(which);
      kept.letters = before;
      return count;
    },
  })),
  broken(
    "redrives more than it was asked for",
    "redrive of those with a reason in common leaves the others dead",
    (good) => ({
      redrive: (which) => good.redrive(typeof which === "object" && "queue" in which ? { queue: which.queue } : which),
    }),
  ),
  broken(
    "holds as much as it gets",
    "never more than `parallel` messages are in hand",
    () => ({}),
    queues.map((spec) => ({ ...spec, parallel: 100 })),
  ),
];
