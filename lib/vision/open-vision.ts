/** The networks behind `Vision`: checked, loaded into worker threads, asked in turn. */
import { availableParallelism } from "node:os";
import { AppError } from "#lib/errors.ts";
import type { Log } from "#lib/log.ts";
import type { Metrics } from "#lib/metrics.ts";
import { readModelFiles } from "./model-files.ts";
import type { Provider } from "./networks.ts";
import type { DetectorPixels } from "./detector-size.ts";
import { visionMetrics, type VisionMetrics } from "./vision-metrics.ts";
import type { PlateFound, Vision, VisionState } from "./vision.ts";
import { openWorkerPool, type WorkerPool } from "./worker-pool.ts";

export type VisionOptions = {
  /** Holds detector.onnx, refiner.onnx, reader.onnx and SHA256SUMS. */
  folder: string;
  /** Threads, one picture each at a time. Default: two, or one where there is one core. */
  workers?: number;
  /** `auto`: CUDA where ONNX Runtime brings it and it starts, else the CPU. Default `auto`. */
  provider?: "auto" | Provider;
  /** Pixels that the detector is shown. Default `auto`: by the size of the picture. */
  detector_pixels?: DetectorPixels;
  log: Log;
  metrics?: Metrics;
  /** Calls beyond the threads that may wait; more are refused with `unavailable`. Default 64. */
  most_waiting?: number;
  /** A thread that needs longer for one picture hangs and is ended. Default 60 s. */
  limit_ms?: number;
  /** Another program for the threads; the tests of what happens when one dies hand theirs in. */
  worker_file?: URL;
};

const [MOST_WORKERS, MOST_WAITING, LIMIT_MS] = [2, 64, 60_000];
/** Beside the source; beside the bundle where an image holds it as one file. */
const WORKER_FILE = new URL(
  import.meta.url.endsWith(".ts") ? "./find-worker.ts" : "./find-worker.mjs",
  import.meta.url,
);

/** Never fails over the models: without them the program runs on and `state()` says what to do. */
export const openVision = async (options: VisionOptions): Promise<Vision> => {
  const { folder, log } = options;
  const model = await readModelFiles(folder);
  if ("reason" in model) return without(model.reason, log);
  const metrics = options.metrics ? visionMetrics(options.metrics) : null;
  const pool = openWorkerPool({
    workers: options.workers ?? Math.min(MOST_WORKERS, availableParallelism()),
    most_waiting: options.most_waiting ?? MOST_WAITING,
    data: {
      files: model.files,
      provider: options.provider === "cpu" ? "cpu" : "cuda",
      detector_pixels: options.detector_pixels ?? "auto",
    },
    file: options.worker_file ?? WORKER_FILE,
    log,
    limit_ms: options.limit_ms ?? LIMIT_MS,
    died: () => metrics?.died(),
  });
  const started = await pool.started;
  if ("reason" in started) {
    await pool.close();
    return without(`The models cannot be run: ${started.reason}.`, log);
  }
  const { provider, fallback } = started;
  if (fallback !== null)
    log[options.provider === "cuda" ? "warn" : "info"]("no CUDA here, the CPU is used", { fallback });
  log.info("vision is ready", { provider, version: model.version, models: folder });
  return visionOf(pool, { state: "ready", provider, version: model.version }, log, metrics);
};

const without = (reason: string, log: Log): Vision => {
  log.error("vision has no models: no plate is read from pictures", { reason });
  return {
    state: () => ({ state: "without_models", reason }),
    find: () =>
      Promise.reject(new AppError("unavailable", "No plates can be read here", { reason: "vision.without_models" })),
    close: () => Promise.resolve(),
  };
};

const visionOf = (pool: WorkerPool, state: VisionState, log: Log, metrics: VisionMetrics | null): Vision => ({
  state: () => state,
  async find(picture, { signal } = {}): Promise<PlateFound[]> {
    const { width, height, luma } = picture;
    const begun = performance.now();
    try {
      const finds = await pool.ask({ width, height, luma }, signal);
      if (finds.unusable > 0) log.warn("a network gave no usable numbers", { finds: finds.unusable, width, height });
      metrics?.found(finds, performance.now() - begun);
      return finds.plates;
    } catch (error) {
      metrics?.refused();
      throw error;
    }
  },
  close: () => pool.close(),
});
