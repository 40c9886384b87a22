/**
 * What an agent that reads plates at its site tells of one frame, `POST /api/agents/looks`: plates as its networks gave them, and
 * who passed without showing one. Pictures are a hundred times as large and mostly not wanted, so that they are sent when the
 * answer names them, with the same looks again.
 */
import * as z from "zod";
import { colorNames } from "#lib/vision/vehicles/colors.ts";
import type { PlateFound } from "#lib/vision/vision.ts";
import { Time } from "./lists.ts";

export const MOST_PLATES = 32;
export const MOST_PASSERS = 32;
/** Decoded, in bytes. */
export const MOST_SCENE_BYTES = 3 * 1024 * 1024;
export const MOST_PLATE_BYTES = 512 * 1024;
const MOST_PIXELS = 16_384;
const [POSITIONS, CHARACTERS] = [7, 36];

const Share = z.number().min(0).max(1);
const Text = z.string().regex(/^[A-Z0-9]{7}$/);
const Pixels = z.number().min(-MOST_PIXELS).max(MOST_PIXELS);
const Corner = z.strictObject({ x: Pixels, y: Pixels });
const Base64 = (bytes: number) => z.string().max(Math.ceil(bytes / 3) * 4);

/** `PlateFound` of `lib/vision/vision.ts`. */
export const SitePlate = z.strictObject({
  text: Text.nullable(),
  layout: z.enum(["old", "mercosul"]).nullable(),
  rows: z.union([z.literal(1), z.literal(2)]),
  confidence: Share,
  alternatives: z.array(z.strictObject({ text: Text, confidence: Share })).max(5),
  /** Logarithms of probabilities: of each position, of 0–9 and A–Z. */
  positions: z.array(z.array(z.number().min(-1000).max(0)).length(CHARACTERS)).length(POSITIONS),
  score: Share,
  box: z.strictObject({
    x: z.number().min(0).max(MOST_PIXELS),
    y: z.number().min(0).max(MOST_PIXELS),
    width: z.number().positive().max(MOST_PIXELS),
    height: z.number().positive().max(MOST_PIXELS),
  }),
  corners: z.tuple([Corner, Corner, Corner, Corner]),
  width_px: z
    .number()
    .positive()
    .max(2 * MOST_PIXELS),
  sharpness: Share,
});
export type SitePlate = z.infer<typeof SitePlate>;

const Carrier = z.strictObject({
  type: z.enum(["car", "motorcycle"]).nullable(),
  color: z.enum(colorNames).nullable(),
  width_m: z.number().min(0).max(100).nullable(),
});

const Passer = z.strictObject({
  first_at: Time,
  last_at: Time,
  looks: z.int().min(1).max(100_000),
  observer: z.uuid(),
});

export const SiteLooks = z.strictObject({
  /** UUIDv7 of the frame: the same frame again is the same looks. */
  frame_id: z.uuid(),
  camera_id: z.uuid(),
  captured_at: Time,
  reader_version: z.string().regex(/^[\w.-]{1,60}$/),
  picture: z.strictObject({ width: z.int().min(1).max(MOST_PIXELS), height: z.int().min(1).max(MOST_PIXELS) }),
  plates: z.array(SitePlate).max(MOST_PLATES),
  /** One for each plate; `null`: nobody looked for vehicles. */
  carriers: z.array(Carrier).max(MOST_PLATES).nullable(),
  passers: z.array(Passer).max(MOST_PASSERS),
  /** JPEG, base64. `of`: the place of the plate in `plates`. */
  photographs: z
    .strictObject({
      scene: Base64(MOST_SCENE_BYTES),
      plates: z
        .array(
          z.strictObject({
            of: z
              .int()
              .min(0)
              .max(MOST_PLATES - 1),
            plate: Base64(MOST_PLATE_BYTES),
          }),
        )
        .max(MOST_PLATES),
    })
    .optional(),
});
export type SiteLooks = z.infer<typeof SiteLooks>;

/** `wanted`: nothing is written before the pictures of these plates are there. Empty: it is kept. */
export const SiteLooksReceipt = z.object({ wanted: z.array(z.int()).max(MOST_PLATES) });
export type SiteLooksReceipt = z.infer<typeof SiteLooksReceipt>;

/** Four places of a logarithm are a ten thousandth of its probability; all that there are would be twice the bytes. */
const PLACES = 10_000;

export const sitePlateOf = ({ positions, ...found }: PlateFound): SitePlate => ({
  ...found,
  positions: positions.map((logs) => Array.from(logs, (log) => Math.min(0, Math.round(log * PLACES) / PLACES))),
});
