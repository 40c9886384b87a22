/** What a process that reads plates tells of it. */
import type { Metrics } from "#lib/metrics.ts";
import type { Finds } from "./find-plates.ts";

export type VisionMetrics = {
  found(finds: Finds, ms: number): void;
  refused(): void;
  died(): void;
};

export const visionMetrics = (metrics: Metrics): VisionMetrics => {
  const pictures = metrics.counter("vision_pictures_total", "Pictures looked at for plates, by how it ended");
  const plates = metrics.counter("vision_plates_total", "Plates found in pictures");
  const discarded = metrics.counter(
    "vision_finds_discarded_total",
    "Finds that are not passed on: no usable numbers, no corners of a plate, or too many in one picture",
  );
  const died = metrics.counter("vision_worker_deaths_total", "Worker threads of the networks that died");
  const seconds = metrics.histogram("vision_find_seconds", "From the question to the plates, waiting included");
  return {
    found(finds, ms) {
      pictures.add({ outcome: "found" });
      if (finds.plates.length > 0) plates.add({}, finds.plates.length);
      for (const why of ["unusable", "implausible", "too_many"] as const)
        if (finds[why] > 0) discarded.add({ why }, finds[why]);
      seconds.observe(ms / 1000);
    },
    refused: () => pictures.add({ outcome: "refused" }),
    died: () => died.add(),
  };
};
