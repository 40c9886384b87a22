/** Frames port → functions. Each function is a consumer of its own: it has its own turns, tries and refused frames. */
import type { Frames, HeldFrame } from "#lib/frames/frames.ts";
import { pause } from "#lib/pause.ts";
import { mustPark, type Outcome } from "./retry-rules.ts";

export type FrameFunction = { function: string; timeout_seconds: number; parallel?: number };

/** `functionName` is `<context>.<name>`. */
export type DeliverFrame = (functionName: string, held: HeldFrame, signal: AbortSignal) => Promise<Outcome>;

const PARALLEL = 2;
/** A frame is offered again at once: where what it needs is down, one try a second is enough. */
const DOWN_PAUSE_MS = 1000;

export const startFrames = async (
  frames: Frames,
  functions: readonly FrameFunction[],
  deliver: DeliverFrame,
): Promise<{ stop(): Promise<void> }> => {
  const naps = pause();
  const consumers = await Promise.all(
    functions.map(({ function: name, timeout_seconds, parallel }) =>
      frames.consume(name, parallel ?? PARALLEL, async (held) => {
        const outcome = await deliver(name, held, AbortSignal.timeout(timeout_seconds * 1000));
        if (outcome.status < 300) return;
        if (mustPark(outcome)) await naps.nap(DOWN_PAUSE_MS);
        throw new Error(`${outcome.status}: ${outcome.reason ?? ""}`);
      }),
    ),
  );
  return {
    stop: async () => {
      naps.wakeAll();
      await Promise.all(consumers.map((consumer) => consumer.stop()));
    },
  };
};

/** What the port must know of before the first frame comes. */
export const consumersOf = (functions: readonly FrameFunction[]): string[] =>
  functions.map(({ function: name }) => name);
