/** Frames port → functions. A frame is settled once every function that looks at frames has had it. */
import type { Frames, HeldFrame } from "#lib/frames/frames.ts";

export type FrameFunction = { function: string; timeout_seconds: number; parallel?: number };

/** `functionName` is `<context>.<name>`. A throw is a failed try. */
export type DeliverFrame = (functionName: string, held: HeldFrame, signal: AbortSignal) => Promise<void>;

const PARALLEL = 2;

export const startFrames = async (
  frames: Frames,
  functions: readonly FrameFunction[],
  deliver: DeliverFrame,
): Promise<{ stop(): Promise<void> }> => {
  if (functions.length === 0) return { stop: async () => undefined };
  const parallel = Math.max(...functions.map((one) => one.parallel ?? PARALLEL));
  return frames.consume(parallel, async (held) => {
    for (const { function: name, timeout_seconds } of functions)
      await deliver(name, held, AbortSignal.timeout(timeout_seconds * 1000));
  });
};
