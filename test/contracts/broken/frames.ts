import { setImmediate } from "node:timers/promises";
import { memoryFrames } from "#lib/frames/memory.ts";
import type { Frame, Frames, HeldFrame } from "#lib/frames/frames.ts";
import { consumers, type FramesBench } from "../frames.ts";
import { handClock, type Broken } from "../check.ts";

const broken = (name: string, fails: string, spoil: (frames: Frames) => Frames): Broken<FramesBench> => ({
  name,
  fails,
  make: async () => {
    const clock = handClock();
    const frames = spoil(
      memoryFrames({ consumers, clock: clock.now, max_waiting: 8, max_age_ms: 30_000, drain_ms: 20 }),
    );
    return { frames, pass: async (ms) => clock.pass(ms), close: frames.close };
  },
});

/** A list with one bound for all and no regard for cameras. */
const oneListForAll = (frames: Frames): Frames => {
  const waiting: Frame[] = [];
  return {
    ...frames,
    offer: async (frame) => {
      waiting.push(frame);
      return waiting.length <= 8 || !waiting.shift();
    },
    counts: async () => {
      const counts = await frames.counts();
      return Object.fromEntries(
        Object.entries(counts).map(([name, own]) => [name, { ...own, waiting: waiting.length }]),
      );
    },
    consume: async (_consumer, _parallel, handle) => {
      for (const frame of waiting.splice(0)) await handle({ frame, attempt: 1 });
      return { stop: async () => undefined };
    },
  };
};

export const brokenFrames: readonly Broken<FramesBench>[] = [
  broken("evicts the quiet camera", "a busy camera never evicts the frame of a quiet one", oneListForAll),
  broken(
    "forgets who has read a frame",
    "a frame that was read at its site says so to its consumer, and another says nothing of it",
    (frames) => ({ ...frames, offer: ({ read_at_site: _forgotten, ...frame }) => frames.offer(frame) }),
  ),
  broken("keeps the oldest", "of one camera at most two frames wait and the newest win", (frames) => {
    const waiting = new Map<string, number>();
    return {
      ...frames,
      offer: async (frame) => {
        const before = waiting.get(frame.camera_id) ?? 0;
        waiting.set(frame.camera_id, before + 1);
        return before < 2 ? frames.offer(frame) : false;
      },
    };
  }),
  broken(
    "tries for ever",
    "a frame whose handler fails is offered again, then kept among the refused with its reason",
    (frames) => ({
      ...frames,
      consume: (consumer, parallel, handle) =>
        frames.consume(consumer, parallel, async (held) => {
          await handle(held).catch(async () => {
            await setImmediate();
            await frames.offer(held.frame);
          });
        }),
    }),
  ),
  broken(
    "loses what is in hand at a stop",
    "a frame in hand when its consumer stops without settling goes to another one",
    (frames) => ({
      ...frames,
      consume: async (consumer, parallel, handle) => {
        const stopped = Promise.withResolvers<void>();
        const taker = await frames.consume(consumer, parallel, (held) => Promise.race([handle(held), stopped.promise]));
        return { stop: async () => (stopped.resolve(), taker.stop()) };
      },
    }),
  ),
  broken("never expires", "a frame that waited too long is dropped and counted", () =>
    memoryFrames({ consumers, max_waiting: 8 }),
  ),
  broken("hands out without a bound", "never more than `parallel` frames are in hand", (frames) => ({
    ...frames,
    consume: (consumer, _parallel, handle) => frames.consume(consumer, 1000, handle),
  })),
  broken(
    "keeps one queue for all",
    "each consumer gets every frame, and a failure of one is no failure of the other",
    (frames) => ({ ...frames, consume: (_consumer, parallel, handle) => frames.consume("plates", parallel, handle) }),
  ),
  broken(
    "waits for the slowest",
    "a consumer that hangs holds up nobody else, and its camera's newest frames wait for it",
    (frames) => {
      const handles: ((held: HeldFrame) => Promise<void>)[] = [];
      return {
        ...frames,
        consume: async (consumer, parallel, handle) => {
          handles.push(handle);
          const all = async (held: HeldFrame) => {
            for (const one of handles) await one(held);
          };
          return consumer === "plates" ? frames.consume(consumer, parallel, all) : { stop: async () => undefined };
        },
      };
    },
  ),
];
