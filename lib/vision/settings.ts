/** What the environment says about seeing. */
import * as z from "zod";

export const VisionEnvironment = z.object({
  /** Where the networks run. `auto`: CUDA where there is one, else the processor. `off`: frames are not looked at. */
  VISION_PROVIDER: z.enum(["auto", "cpu", "cuda", "off"]).default("auto"),
  /** Default: `models` of the checkout. */
  VISION_MODELS_DIR: z.string().optional(),
  /** Threads that look at pictures, one picture each. Default: two, or one where there is one core. */
  VISION_WORKERS: z.coerce.number().int().min(1).max(64).optional(),
  /**
   * Pixels that the detector is shown of each picture. `auto`: 640×384 of what has up to half a megapixel, 960×544 of
   * what has up to two and a half (1080p), 1280×736 up to six, 1920×1088 of more (4K). More finds smaller plates and costs as much more.
   */
  VISION_DETECTOR_PIXELS: z
    .union([z.literal("auto"), z.coerce.number().int().min(20_480).max(4_000_000)])
    .default("auto"),
  /** `on`: pictures in which nothing has changed are not looked at. What it spares and loses: docs/performance.md. */
  VISION_GATE: z.enum(["on", "off"]).default("on"),
  /** `off`: type and colour of vehicles are not looked for, and cost nothing. */
  VISION_VEHICLES: z.enum(["on", "off"]).default("on"),
});
export type VisionEnvironment = z.infer<typeof VisionEnvironment>;

/** As variables of a process that is started here. */
export const visionVariables = (environment: VisionEnvironment): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
