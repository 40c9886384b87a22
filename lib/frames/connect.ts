import { AppError } from "#lib/errors.ts";
import type { Frames } from "#lib/frames/frames.ts";
import { memoryFrames, type MemoryFramesOptions } from "#lib/frames/memory.ts";

/** `url` is `FRAMES_URL`; its scheme chooses the adapter. */
export const connectFrames = async (url: string, options: MemoryFramesOptions = {}): Promise<Frames> => {
  const scheme = url.slice(0, url.indexOf(":") + 1);
  if (scheme === "memory:") return memoryFrames(options);
  throw new AppError("internal", "FRAMES_URL has an unknown scheme; there is: memory:");
};
