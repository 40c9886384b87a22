/** A broker as one array that is searched on every tick. Deliberately unlike the real one. */
import { setImmediate as tick } from "node:timers/promises";
import { AppError } from "#lib/errors.ts";
import type { Broker, DeadLetter, Delivery, QueueSpec, Settlement } from "#lib/broker/broker.ts";

type Entry = {
  queue: string;
  event: Delivery["event"];
  attempt: number;
  due: number;
  at: number;
  token: number;
  state: "waiting" | "held" | "parked";
};
/** What outlives a process. */
export type Kept = { entries: Entry[]; letters: DeadLetter[]; tokens: number; lapsed: number };
export const nothingKept = (): Kept => ({ entries: [], letters: [], tokens: 0, lapsed: 0 });

export type ArrayBroker = Broker & { kill(): void };

export const arrayBroker = (kept: Kept, queues: readonly QueueSpec[], now: () => number): ArrayBroker => {
  let dead = false;
  const stops: (() => Promise<void>)[] = [];
  const isFirstOfKey = (entry: Entry): boolean => {
    const key = entry.event.partitionkey;
    const first = kept.entries.find((other) => other.queue === entry.queue && other.event.partitionkey === key);
    return key === undefined || first === entry;
  };
  const drop = (entry: Entry): void => void kept.entries.splice(kept.entries.indexOf(entry), 1);

  const settle = (entry: Entry, token: number, settlement: Settlement): void => {
    if (dead || entry.token !== token || entry.state !== "held" || token <= kept.lapsed) return;
    if ("done" in settlement) drop(entry);
    else if ("dead" in settlement) {
      drop(entry);
      const { queue, event, attempt } = entry;
      const { reason } = settlement;
      kept.letters.push({ id: crypto.randomUUID(), queue, event, attempts: attempt, reason, died_at: new Date(now()) });
    } else {
      entry.state = "retry" in settlement ? "waiting" : "parked";
      if ("retry" in settlement) entry.attempt++;
      entry.due = now() + settlement.delay_seconds * 1000;
    }
  };

  const take = (spec: QueueSpec): Entry | undefined =>
    kept.entries.find(
      (entry) =>
        entry.queue === spec.name &&
        (entry.state === "held" ? entry.token <= kept.lapsed : entry.due <= now()) &&
        (!spec.ordered || isFirstOfKey(entry)),
    );

  return {
    publish: async (events) => {
      const bound = events.map((event) => queues.filter(({ types }) => types.includes(event.type)));
      if (bound.some((specs) => specs.length === 0)) throw new AppError("invalid", "unroutable");
      for (const [n, event] of events.entries())
        for (const { name } of bound[n] ?? []) {
          if (kept.entries.some((entry) => entry.queue === name && entry.event.id === event.id)) continue;
          kept.entries.push({ queue: name, event, attempt: 1, due: now(), at: now(), token: 0, state: "waiting" });
        }
    },
    consume: async (queue, handle) => {
      const spec = queues.find(({ name }) => name === queue)!;
      const inHand = new Map<Entry, { token: number; settled: Promise<void> }>();
      let open = true;
      const run = async (): Promise<void> => {
        while (open && !dead) {
          const entry = inHand.size < (spec.parallel ?? 4) ? take(spec) : undefined;
          if (!entry) {
            await tick();
            continue;
          }
          const token = ++kept.tokens;
          entry.state = "held";
          entry.token = token;
          const delivery = { event: entry.event, queue, attempt: entry.attempt, fencing_token: token };
          const settled = (async () => handle({ ...delivery, published_at: new Date(entry.at) }))()
            .catch((): Settlement => ({ retry: true, delay_seconds: 1, reason: "threw" }))
            .then((settlement) => {
              settle(entry, token, settlement);
              inHand.delete(entry);
            });
          inHand.set(entry, { token, settled });
        }
      };
      void run();
      const stop = async (): Promise<void> => {
        open = false;
        const all = Promise.all([...inHand.values()].map(({ settled }) => settled));
        await Promise.race([all, tick().then(() => tick())]);
        for (const [entry, { token }] of inHand) if (entry.token === token) entry.state = "waiting";
      };
      stops.push(stop);
      return { stop };
    },
    redrive: async (which) => {
      const back = kept.letters.filter(
        (letter) =>
          which === "all" ||
          ("id" in which
            ? letter.id === which.id
            : letter.queue === which.queue && letter.reason.includes(which.reason ?? "")),
      );
      kept.letters = kept.letters.filter((letter) => !back.includes(letter));
      for (const { queue, event } of back)
        kept.entries.push({ queue, event, attempt: 1, due: now(), at: now(), token: 0, state: "waiting" });
      return back.length;
    },
    deadLetters: async (queue, limit) => kept.letters.filter((letter) => letter.queue === queue).slice(0, limit),
    depths: async () =>
      queues.map(({ name }) => {
        const own = kept.entries.filter(({ queue }) => queue === name);
        const count = (state: string): number => own.filter((entry) => entry.state === state).length;
        return {
          queue: name,
          waiting: count("waiting"),
          held: count("held"),
          parked: count("parked"),
          dead: kept.letters.filter(({ queue }) => queue === name).length,
          oldest_seconds: own[0] ? (now() - own[0].at) / 1000 : 0,
        };
      }),
    close: async () => {
      await Promise.all(stops.map((stop) => stop()));
      dead = true;
    },
    kill: () => void (dead = true),
  };
};
