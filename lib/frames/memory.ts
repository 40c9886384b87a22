/** The frames port of one machine: bounded memory of the host. What waits is lost with the process, as the port says. */
import { AppError } from "#lib/errors.ts";
import type { Frames, HeldFrame, Refused } from "#lib/frames/frames.ts";
import { waitingRoom } from "#lib/frames/waiting-room.ts";

export type MemoryFramesOptions = {
  clock?: () => Date;
  /** Over all cameras. Default 512 frames. */
  max_waiting?: number;
  /** Of all waiting frames. Default 256 MiB. */
  max_bytes?: number;
  /** A frame that waited longer is of no use. Default 30 s. */
  max_age_ms?: number;
  /** How long `stop` waits for frames in hand before it gives them back. Default 5 s. */
  drain_ms?: number;
};

const MAX_FRAME_BYTES = 5 * 1024 * 1024;
const MAX_TRIES = 3;
const MAX_REFUSED = 100;

type Worker = {
  parallel: number;
  open: boolean;
  inHand: Set<Promise<void>>;
  /** Resolves when nobody waits for the frames in hand any longer. */
  abandoned: PromiseWithResolvers<string>;
  handle(held: HeldFrame): Promise<void>;
};

export const memoryFrames = (options: MemoryFramesOptions = {}): Frames => {
  const now = (): number => (options.clock ? options.clock().getTime() : Date.now());
  const counts = { taken: 0, evicted: 0, expired: 0, refused: 0, held: 0 };
  const bounds = {
    now,
    frames: options.max_waiting ?? 512,
    bytes: options.max_bytes ?? 256 * 1024 * 1024,
    age_ms: options.max_age_ms ?? 30_000,
  };
  const room = waitingRoom(bounds, counts);
  const again: HeldFrame[] = [];
  const refused: Refused[] = [];
  const workers = new Set<Worker>();

  const giveBack = ({ frame, attempt }: HeldFrame, reason: string): void => {
    if (attempt < MAX_TRIES) {
      again.push({ frame, attempt: attempt + 1 });
      return;
    }
    counts.refused++;
    refused.push({ frame, reason, refused_at: new Date(now()) });
    if (refused.length > MAX_REFUSED) refused.shift();
  };

  const handOut = async (worker: Worker, held: HeldFrame): Promise<void> => {
    counts.held++;
    const settled = worker.handle(held).then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    const failure = await Promise.race([settled, worker.abandoned.promise]);
    counts.held--;
    if (failure !== null) giveBack(held, failure);
  };

  const takeNext = (): HeldFrame | undefined => {
    const waiting = again.shift();
    if (waiting) return waiting;
    const frame = room.take();
    return frame ? { frame, attempt: 1 } : undefined;
  };

  const pump = (): void => {
    for (const worker of workers) {
      while (worker.open && worker.inHand.size < worker.parallel) {
        const held = takeNext();
        if (!held) return;
        const task = handOut(worker, held).finally(() => {
          worker.inHand.delete(task);
          pump();
        });
        worker.inHand.add(task);
      }
    }
  };

  const stop = async (worker: Worker): Promise<void> => {
    worker.open = false;
    const patience = setTimeout(() => worker.abandoned.resolve("its holder went away"), options.drain_ms ?? 5000);
    await Promise.all(worker.inHand);
    clearTimeout(patience);
    workers.delete(worker);
    pump();
  };

  return {
    offer: async (frame) => {
      if (frame.bytes.byteLength > MAX_FRAME_BYTES)
        throw new AppError("too_large", "A frame has at most 5 MiB", { reason: "frame.too_large" });
      const added = room.add(frame);
      if (added === "refused") {
        const details = { reason: "frame.no_room", retry_after_seconds: 1 };
        throw new AppError("unavailable", "Too many frames are waiting", details);
      }
      counts.taken++;
      pump();
      return added === "added";
    },
    consume: async (parallel, handle) => {
      const worker: Worker = {
        parallel,
        open: true,
        inHand: new Set(),
        abandoned: Promise.withResolvers(),
        handle: async (held) => handle(held),
      };
      workers.add(worker);
      pump();
      return { stop: () => stop(worker) };
    },
    refused: async () => [...refused],
    counts: async () => ({ ...counts, waiting: room.size() + again.length }),
    close: async () => {
      await Promise.all([...workers].map(stop));
      room.clear();
      again.length = 0;
    },
  };
};
