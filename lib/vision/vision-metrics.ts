/** What a process that reads plates tells of it. */
import type { Metrics } from "#lib/metrics.ts";

export type VisionMetrics = {
  found(plates: number, dropped: number, ms: number): void;
  refused(): void;
  died(): void;
};

export const visionMetrics = (metrics: Metrics): VisionMetrics => {
  const pictures = metrics.counter("vision_pictures_total", "Pictures looked at for plates, by how it ended");
  const plates = metrics.counter("vision_plates_total", "Plates found in pictures");
  const dropped = metrics.counter("vision_dropped_total", "Finds for which a network gave no usable numbers");
  const died = metrics.counter("vision_worker_deaths_total", "Worker threads of the networks that died");
  const seconds = metrics.histogram("vision_find_seconds", "From the question to the plates, waiting included");
  return {
    found(count, unusable, ms) {
      pictures.add({ outcome: "found" });
      if (count > 0) plates.add({}, count);
      if (unusable > 0) dropped.add({}, unusable);
      seconds.observe(ms / 1000);
    },
    refused: () => pictures.add({ outcome: "refused" }),
    died: () => died.add(),
  };
};
