/** What a process that sees tells of it: in its log, its metrics and to platforms that ask. */
import type { Log } from "#lib/log.ts";
import type { Metrics } from "#lib/metrics.ts";
import type { Sight } from "#lib/vision/sight.ts";
import type { VisionState } from "#lib/vision/vision.ts";

export const watchSight = (sight: Sight, log: Log, metrics: Metrics): void => {
  const state = sight.vision.state();
  if (state.state === "ready") log.info("Pictures are looked at", state);
  else log.warn("Pictures are not looked at", state);
  const ready = metrics.gauge("vision_ready", "1 while plates are read from pictures, by where the networks run");
  const pictures = metrics.gauge("vision_pictures", "Pictures since the start, by what became of them");
  const restarts = metrics.gauge("vision_decoder_restarts", "Times that a decoder was started anew since the start");
  metrics.collect(() => {
    const now = sight.vision.state();
    ready.clear();
    ready.set(now.state === "ready" ? 1 : 0, now.state === "ready" ? { provider: now.provider } : {});
    const { decoded, refused, skipped, restarts: begun } = sight.pictures.counts();
    for (const [became, count] of Object.entries({ decoded, refused, skipped })) pictures.set(count, { became });
    restarts.set(begun);
  });
};

/** Part of what `/_/ready` answers. A process without models serves all the same. */
export const sightOf = (sight: Sight | undefined): { vision?: VisionState } =>
  sight === undefined ? {} : { vision: sight.vision.state() };
