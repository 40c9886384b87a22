/** What an agent is told at its start: one JSON file, no secrets in it but the path of the enrolment code. */
import { readFileSync } from "node:fs";
import * as z from "zod";

export const Config = z.object({
  /** Base address of the server, e.g. https://video.example.org */
  server: z.url().transform((url) => url.replace(/\/$/, "")),
  /** Own key, spool, journal. */
  dir: z.string(),
  /** Needed until the agent has enrolled. */
  enrolment_code_file: z.string().optional(),
  /** What may be dialled: `private`, networks, addresses, each with ports or without. */
  camera_networks: z.array(z.string()).default(["private"]),
  /** Free space that recordings leave alone, bytes. Default: the larger of 2 GB and 5 % of the volume. */
  reserve_bytes: z.number().int().positive().optional(),
  log_level: z.enum(["debug", "info", "warn", "error"]).default("info"),
});
export type Config = z.infer<typeof Config>;

export const readConfig = (file: string): Config => Config.parse(JSON.parse(readFileSync(file, "utf8")));
