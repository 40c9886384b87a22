/** Opens what a process needs to see. What is native is loaded here alone, and not where seeing is switched off. */
import { join } from "node:path";
import type { Log } from "#lib/log.ts";
import type { Metrics } from "#lib/metrics.ts";
import { blindSight } from "./blind.ts";
import { openGate } from "./gate.ts";
import type { VisionEnvironment } from "./settings.ts";
import type { Sight } from "./sight.ts";

/** Of the checkout. An image says where its own are. */
const MODELS = join(import.meta.dirname, "../../models");

/** Never fails over models: without them it says so, and the process runs on. */
export const connectSight = async (
  environment: VisionEnvironment,
  { log, metrics }: { log: Log; metrics?: Metrics },
): Promise<Sight> => {
  const { VISION_PROVIDER: provider, VISION_MODELS_DIR: folder = MODELS, VISION_LOOK: look } = environment;
  if (provider === "off") {
    const reason = "VISION_PROVIDER is off";
    log.warn("no plate is read from pictures", { reason });
    return blindSight(reason);
  }
  const [{ openVision }, { openPictureDecoder }, { jpegOf }] = await Promise.all([
    import("./open-vision.ts"),
    import("./open-picture-decoder.ts"),
    import("./jpeg.ts"),
  ]);
  const workers = environment.VISION_WORKERS;
  const how = workers === undefined ? {} : { workers };
  const vision = await openVision({ folder, provider, look, log, ...how, ...(metrics ? { metrics } : {}) });
  const decoder = openPictureDecoder({ log });
  const { worthLooking } = openGate({ enabled: environment.VISION_GATE === "on" });
  return {
    vision,
    pictures: { decode: decoder.decode, counts: decoder.counts, worthLooking, jpegOf },
    close: async () => void (await Promise.all([vision.close(), decoder.close()])),
  };
};
