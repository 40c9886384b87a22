/** Opens what a process needs to see. What is native is loaded here alone, and the networks not where they are switched off. */
import { join } from "node:path";
import type { Log } from "#lib/log.ts";
import type { Metrics } from "#lib/metrics.ts";
import { blindSight } from "./blind.ts";
import { openGate } from "./gate.ts";
import type { VisionEnvironment } from "./settings.ts";
import type { Sight } from "./sight.ts";
import { openVehicles } from "./vehicles/vehicles.ts";
import type { Vision } from "./vision.ts";

/** Of the checkout. An image says where its own are. */
const MODELS = join(import.meta.dirname, "../../models");

type Options = { log: Log; metrics?: Metrics };

/** Never fails over models: without them it says so, and the process runs on. */
export const connectSight = async (environment: VisionEnvironment, { log, metrics }: Options): Promise<Sight> => {
  const [{ openPictureDecoder }, { jpegOf }] = await Promise.all([
    import("./open-picture-decoder.ts"),
    import("./jpeg.ts"),
  ]);
  const vision = await connectVision(environment, { log, ...(metrics ? { metrics } : {}) });
  const decoder = openPictureDecoder({ log });
  const { worthLooking } = openGate({ enabled: environment.VISION_GATE === "on" });
  const lookForVehicles = openVehicles({ enabled: environment.VISION_VEHICLES === "on" });
  return {
    vision,
    pictures: { decode: decoder.decode, counts: decoder.counts, worthLooking, lookForVehicles, jpegOf },
    close: async () => void (await Promise.all([vision.close(), decoder.close()])),
  };
};

const connectVision = async (environment: VisionEnvironment, options: Options): Promise<Vision> => {
  const {
    VISION_PROVIDER: provider,
    VISION_MODELS_DIR: folder = MODELS,
    VISION_DETECTOR_PIXELS: detector_pixels,
  } = environment;
  if (provider === "off") {
    const reason = "VISION_PROVIDER is off";
    options.log.warn("no plate is read from pictures", { reason });
    return blindSight(reason).vision;
  }
  const { openVision } = await import("./open-vision.ts");
  const workers = environment.VISION_WORKERS;
  return openVision({ folder, provider, detector_pixels, ...options, ...(workers === undefined ? {} : { workers }) });
};
