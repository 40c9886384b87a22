/** The frames port of one machine: bounded memory of the host. What waits is lost with the process, as the port says. */
import { AppError } from "#lib/errors.ts";
import {
  MAX_FRAME_BYTES,
  MAX_REFUSED,
  MAX_REFUSED_BYTES,
  MAX_TRIES,
  type Frame,
  type FrameCounts,
  type Frames,
  type HeldFrame,
  type Refused,
} from "#lib/frames/frames.ts";
import { becameOf, waitingRoom, type Added, type WaitingRoom } from "#lib/frames/waiting-room.ts";

export type MemoryFramesOptions = {
  /** Each gets every frame. */
  consumers: readonly string[];
  clock?: () => Date;
  /** Over all cameras, of each consumer. Default 512 frames. */
  max_waiting?: number;
  /** Of all waiting frames of all consumers together. Default 256 MiB. */
  max_bytes?: number;
  /** A frame that waited longer is of no use. Default 30 s. */
  max_age_ms?: number;
  /** How long `stop` waits for frames in hand before it gives them back. Default 5 s. */
  drain_ms?: number;
};

const MAX_WAITING = 512;
const MAX_BYTES = 256 * 1024 * 1024;

type Worker = {
  parallel: number;
  open: boolean;
  inHand: Set<Promise<void>>;
  /** Resolves when nobody waits for the frames in hand any longer. */
  abandoned: PromiseWithResolvers<string>;
  handle(held: HeldFrame): Promise<void>;
};

export const memoryFrames = (options: MemoryFramesOptions): Frames => {
  const shares = new Map(options.consumers.map((consumer) => [consumer, openShare(consumer, options)]));
  const all = [...shares.values()];
  return {
    offer: async (frame) => {
      if (frame.bytes.byteLength > MAX_FRAME_BYTES)
        throw new AppError("too_large", "A frame has at most 5 MiB", { reason: "frame.too_large" });
      return becameOf(all.map((share) => share.offer(frame)));
    },
    consume: async (consumer, parallel, handle) => {
      const share = shares.get(consumer);
      if (!share) throw new AppError("internal", `No frames are kept for ${consumer}`);
      const worker = share.hands.employ(parallel, handle);
      return { stop: () => share.hands.stop(worker) };
    },
    refused: async () => all.flatMap(({ hands }) => hands.refused()),
    counts: async () => Object.fromEntries([...shares].map(([consumer, share]) => [consumer, share.counts()])),
    close: async () => {
      await Promise.all(all.map(({ hands }) => hands.close()));
      for (const { room } of all) room.clear();
    },
  };
};

/** What one consumer has to itself. The bytes of a frame are the same in every share. */
const openShare = (consumer: string, options: MemoryFramesOptions) => {
  const now = (): number => (options.clock ? options.clock().getTime() : Date.now());
  const losses = { evicted: 0, expired: 0 };
  const bounds = {
    now,
    frames: options.max_waiting ?? MAX_WAITING,
    bytes: (options.max_bytes ?? MAX_BYTES) / Math.max(1, options.consumers.length),
    age_ms: options.max_age_ms ?? 30_000,
  };
  const room = waitingRoom(bounds, losses);
  const hands = holding(consumer, room, now, options.drain_ms ?? 5000);
  const total = { taken: 0 };
  return {
    room,
    hands,
    offer: (frame: Frame): Added => {
      const added = room.add(frame);
      if (added === "refused") losses.evicted++;
      else total.taken++;
      hands.pump();
      return added;
    },
    counts: (): FrameCounts => ({ ...losses, ...total, ...hands.counts(), waiting: room.size() + hands.again() }),
  };
};

/** Frames in somebody's hand, those to be offered again, and those that nobody could treat. */
const holding = (consumer: string, room: WaitingRoom, now: () => number, drainMs: number) => {
  const again: HeldFrame[] = [];
  const workers = new Set<Worker>();
  const refusals = lastRefused(consumer, now);
  let held = 0;

  const giveBack = ({ frame, attempt }: HeldFrame, reason: string): void => {
    if (attempt < MAX_TRIES) again.push({ frame, attempt: attempt + 1 });
    else refusals.add(frame, reason);
  };

  const handOut = async (worker: Worker, one: HeldFrame): Promise<void> => {
    held++;
    const settled = worker.handle(one).then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    const failure = await Promise.race([settled, worker.abandoned.promise]);
    held--;
    if (failure !== null) giveBack(one, failure);
  };

  const first = (frame: Frame | null): HeldFrame | undefined => (frame ? { frame, attempt: 1 } : undefined);

  const pump = (): void => {
    for (const worker of workers) {
      while (worker.open && worker.inHand.size < worker.parallel) {
        const next = again.shift() ?? first(room.take());
        if (!next) return;
        const task = handOut(worker, next).finally(() => {
          worker.inHand.delete(task);
          pump();
        });
        worker.inHand.add(task);
      }
    }
  };

  const employ = (parallel: number, handle: Worker["handle"]): Worker => {
    const abandoned = Promise.withResolvers<string>();
    // Async, so that a handler that throws at once is a rejection like any other.
    const safe = async (one: HeldFrame): Promise<void> => handle(one);
    const worker: Worker = { parallel, open: true, inHand: new Set(), abandoned, handle: safe };
    workers.add(worker);
    pump();
    return worker;
  };

  const stop = async (worker: Worker): Promise<void> => {
    worker.open = false;
    const patience = setTimeout(() => worker.abandoned.resolve("its holder went away"), drainMs);
    await Promise.all(worker.inHand);
    clearTimeout(patience);
    workers.delete(worker);
    pump();
  };

  const close = async (): Promise<void> => {
    await Promise.all([...workers].map(stop));
    again.length = 0;
  };
  const counts = () => ({ held, refused: refusals.count() });
  return { pump, employ, stop, close, counts, refused: refusals.list, again: () => again.length };
};

const lastRefused = (consumer: string, now: () => number) => {
  const last: Refused[] = [];
  let [count, bytes] = [0, 0];
  return {
    add: (frame: Frame, reason: string): void => {
      count++;
      last.push({ frame, consumer, reason, refused_at: new Date(now()) });
      bytes += frame.bytes.byteLength;
      while (last.length > MAX_REFUSED || bytes > MAX_REFUSED_BYTES) bytes -= last.shift()?.frame.bytes.byteLength ?? 0;
    },
    list: (): Refused[] => [...last],
    count: () => count,
  };
};
