/** Frames as one flat list, sorted when something is taken. Deliberately unlike the real one. */
import { AppError } from "#lib/errors.ts";
import {
  MAX_REFUSED,
  MAX_REFUSED_BYTES,
  type Frame,
  type FrameCounts,
  type Frames,
  type HeldFrame,
  type Refused,
} from "#lib/frames/frames.ts";

type Item = { frame: Frame; attempt: number; at: number; order: number; state: "waiting" | "held" | "gone" };

export const arrayFrames = (consumers: readonly string[], now: () => number, max: number, maxAgeMs: number): Frames => {
  const lists = new Map(consumers.map((consumer) => [consumer, arrayList(consumer, now, max, maxAgeMs)]));
  const all = [...lists.values()];
  return {
    offer: async (frame) => {
      const offered = await Promise.allSettled(all.map((list) => list.offer(frame)));
      const taken = offered.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      if (taken.length === 0) throw (offered[0] as PromiseRejectedResult).reason;
      return taken.length === all.length && taken.every(Boolean);
    },
    consume: async (consumer, parallel, handle) => lists.get(consumer)!.consume(parallel, handle),
    refused: async () => (await Promise.all(all.map((list) => list.refused()))).flat(),
    counts: async () =>
      Object.fromEntries(
        await Promise.all([...lists].map(async ([name, list]) => [name, await list.counts()] as const)),
      ),
    close: async () => void (await Promise.all(all.map((list) => list.close()))),
  };
};

type List = Omit<Frames, "consume" | "counts"> & {
  consume(parallel: number, handle: (held: HeldFrame) => Promise<void>): Promise<{ stop(): Promise<void> }>;
  counts(): Promise<FrameCounts>;
};

const arrayList = (consumer: string, now: () => number, max: number, maxAgeMs: number): List => {
  let items: Item[] = [];
  let refused: Refused[] = [];
  let order = 0;
  const lastTurn: Record<string, number> = {};
  const counts = { taken: 0, evicted: 0, expired: 0 };
  const free: { open: boolean; busy: number; wake(): void }[] = [];
  const waiting = (): Item[] => items.filter((item) => item.state === "waiting");
  const of = (camera: string): Item[] => waiting().filter((item) => item.frame.camera_id === camera);
  const drop = (item: Item | undefined): void => {
    if (!item) return;
    item.state = "gone";
    counts.evicted++;
  };
  const age = (): void => {
    for (const item of waiting())
      if (now() - item.at > maxAgeMs) {
        item.state = "gone";
        counts.expired++;
      }
    items = items.filter((item) => item.state !== "gone");
  };
  const fail = (item: Item, reason: string): void => {
    if (item.attempt === 3) {
      item.state = "gone";
      refused = [...refused, { frame: item.frame, consumer, reason, refused_at: new Date(now()) }].slice(-MAX_REFUSED);
      while (bytesOf(refused) > MAX_REFUSED_BYTES) refused = refused.slice(1);
      refusedCount++;
    } else {
      item.attempt++;
      item.state = "waiting";
    }
  };
  let refusedCount = 0;

  return {
    offer: async (frame) => {
      if (frame.bytes.length > 5 * 1024 ** 2) throw new AppError("too_large", "more than 5 MiB");
      age();
      const own = of(frame.camera_id);
      const replaces = own.length === 2 || (own.length > 0 && waiting().length === max);
      if (replaces) drop(own[0]);
      else if (waiting().length === max) {
        const second = waiting().find((item) => of(item.frame.camera_id).length > 1);
        if (!second) throw new AppError("unavailable", "full");
        drop(second);
      }
      items.push({ frame, attempt: 1, at: now(), order: order++, state: "waiting" });
      counts.taken++;
      for (const taker of free) taker.wake();
      return !replaces;
    },
    consume: async (parallel, handle) => {
      const mine = new Set<Item>();
      const taker = {
        open: true,
        busy: 0,
        wake: () => {
          age();
          while (taker.open && mine.size < parallel) {
            const next = waiting().sort(
              (a, b) => (lastTurn[a.frame.camera_id] ?? -1) - (lastTurn[b.frame.camera_id] ?? -1) || a.order - b.order,
            )[0];
            if (!next) return;
            lastTurn[next.frame.camera_id] = order++;
            next.state = "held";
            mine.add(next);
            const { attempt } = next;
            void (async () => handle({ frame: next.frame, attempt }))()
              .then(
                () => mine.has(next) && (next.state = "gone"),
                (error: unknown) => mine.has(next) && fail(next, (error as Error).message),
              )
              .then(() => {
                mine.delete(next);
                for (const other of free) other.wake();
              });
          }
        },
      };
      free.push(taker);
      taker.wake();
      return {
        stop: async () => {
          taker.open = false;
          for (const item of mine) fail(item, "stopped");
          mine.clear();
          for (const other of free) other.wake();
        },
      };
    },
    refused: async () => refused,
    counts: async () => {
      age();
      const held = items.filter((item) => item.state === "held").length;
      return { ...counts, waiting: waiting().length, held, refused: refusedCount };
    },
    close: async () => {
      for (const consumer of free) consumer.open = false;
      items = [];
    },
  };
};

const bytesOf = (all: readonly Refused[]): number => all.reduce((sum, { frame }) => sum + frame.bytes.byteLength, 0);
