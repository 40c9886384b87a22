/** What the environment says about seeing. */
import * as z from "zod";

export const VisionEnvironment = z.object({
  /** Where the networks run. `auto`: CUDA where there is one, else the processor. `off`: frames are not looked at. */
  VISION_PROVIDER: z.enum(["auto", "cpu", "cuda", "off"]).default("auto"),
  /** Default: `models` of the checkout. */
  VISION_MODELS_DIR: z.string().optional(),
  /** Threads that look at pictures, one picture each. Default: two, or one where there is one core. */
  VISION_WORKERS: z.coerce.number().int().min(1).max(64).optional(),
  /** `off`: pictures in which nothing has changed are looked at too. */
  VISION_GATE: z.enum(["on", "off"]).default("on"),
});
export type VisionEnvironment = z.infer<typeof VisionEnvironment>;

/** As variables of a process that is started here. */
export const visionVariables = (environment: VisionEnvironment): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
