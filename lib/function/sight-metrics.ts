/** What a process that sees tells of it: in its metrics, and to platforms that ask. Its log says so when it is opened. */
import type { Metrics } from "#lib/metrics.ts";
import type { Sight } from "#lib/vision/sight.ts";
import type { VisionState } from "#lib/vision/vision.ts";

export const watchSight = ({ vision, pictures }: Sight, metrics: Metrics): void => {
  const ready = metrics.gauge("vision_ready", "1 while plates are read from pictures, by where the networks run");
  const seen = metrics.gauge("vision_decoder_pictures", "Pictures since the start, by what became of them");
  const restarts = metrics.gauge("vision_decoder_restarts", "Times since the start that a decoder was started anew");
  metrics.collect(() => {
    const state = vision.state();
    ready.clear();
    ready.set(state.state === "ready" ? 1 : 0, { provider: state.state === "ready" ? state.provider : "none" });
    const { restarts: begun, ...became } = pictures.counts();
    for (const [what, count] of Object.entries(became)) seen.set(count, { became: what });
    restarts.set(begun);
  });
};

/** Part of what `/_/ready` answers. A process without models serves all the same. */
export const sightOf = (sight: Sight | undefined): { vision?: VisionState } =>
  sight === undefined ? {} : { vision: sight.vision.state() };
