/** What an agent's environment says of reading plates at its site. */
import * as z from "zod";
import { VisionEnvironment } from "#lib/vision/settings.ts";

export const SiteEnvironment = VisionEnvironment.extend({
  /** `on`: plates are read here and sent instead of key frames. It is a matter of this machine's cores and of its line. */
  VISION_AT_SITE: z.enum(["on", "off"]).default("off"),
});
export type SiteEnvironment = z.infer<typeof SiteEnvironment>;
