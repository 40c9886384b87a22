/** Frames on one machine as far as a host that reads plates from them: the port and the connector. */
import { consumersOf, startFrames } from "#connector/frames.ts";
import { hostReach } from "#connector/host-deliver.ts";
import { planOf } from "#connector/plan.ts";
import { catalogue } from "#functions/catalogue.ts";
import { connectFrames } from "#lib/frames/connect.ts";
import type { Frames } from "#lib/frames/frames.ts";
import type { TestHost } from "./host.ts";

export const READ = "ai.read-plates";
const plan = planOf(catalogue);

export type ReadingFrames = { frames: Frames; stop(): Promise<void> };

/** Who else takes frames is as quick as can be, whatever it does. */
export const readingFrames = async (
  { host }: TestHost,
  options: { max_waiting?: number } = {},
): Promise<ReadingFrames> => {
  const frames = await connectFrames("memory:", { consumers: consumersOf(plan.frames), ...options });
  const { deliverFrame } = hostReach(host);
  const running = await startFrames(frames, plan.frames, async (name, held, signal) =>
    name === READ ? deliverFrame(name, held, signal) : { status: 204, final: false },
  );
  return {
    frames,
    async stop() {
      await running.stop();
      await frames.close();
    },
  };
};
