/** All that others may know of the ai context. */
import * as z from "zod";
import { eventType } from "#lib/events.ts";
import { Page, Time, listOf } from "#lib/wire/lists.ts";
import { purposeCodes } from "#lib/wire/purposes.ts";
import { vehicleTypes } from "#lib/wire/vehicles.ts";

/** What an agent read at its site. */
export { SiteLooks, SiteLooksReceipt } from "#lib/wire/site-looks.ts";

/** Why somebody searches; `lib/wire/purposes.ts` says which need the number of a process. */
export const PurposeCode = z.enum(purposeCodes);
export const Purpose = z.strictObject({
  purpose: PurposeCode,
  purpose_reference: z.string().trim().max(100).optional(),
});

/**
 * The client's own form, `POST /api/lpr/events` with a camera's key. Unknown names are kept in the raw body and ignored.
 * Only what is wrong in form (no JSON, over 10 MB) is refused when posting; the meaning is judged by the queue function.
 */
export const LprEventBody = z.object({
  /** The camera's own id of this read: a repeated post is the same event. Default: derived from plate and time. */
  event_id: z.string().max(100).optional(),
  /** Optional: the key already says which. When given it must be that camera. */
  camera_id: z.uuid().optional(),
  /** As read, any writing: `ABC-1234`, `abc1d23`. Absent or empty: a passage whose plate was not read. */
  plate: z.string().max(200).nullish(),
  /** 0 to 1. */
  confidence: z.number().min(0).max(1).nullish(),
  detected_at: Time,
  /** JPEG or PNG, base64 (a `data:` prefix is allowed), ≤ 5 MB decoded: the scene. */
  image: z.string().nullish(),
  /** The plate alone. */
  plate_image: z.string().nullish(),
  direction: z.enum(["approaching", "departing"]).nullish(),
  vehicle: z.object({ type: z.string().max(40).nullish(), color: z.string().max(40).nullish() }).nullish(),
  alternatives: z
    .array(z.object({ plate: z.string().max(20), confidence: z.number().min(0).max(1) }))
    .max(20)
    .nullish(),
});
export type LprEventBody = z.infer<typeof LprEventBody>;
export const LprReceipt = z.object({ id: z.uuid(), status: z.literal("accepted") });

export const PlateRead = z.object({
  id: z.uuid(),
  cidade_id: z.uuid(),
  camera_id: z.uuid(),
  camera_nome: z.string(),
  plate: z.string().nullable(),
  plate_raw: z.string().nullable(),
  /** old LLLDDDD, mercosul LLLDLDD, other */
  layout: z.enum(["old", "mercosul", "other"]).nullable(),
  confidence: z.number().nullable(),
  alternatives: z.array(z.object({ plate: z.string(), confidence: z.number() })).nullable(),
  source: z.enum(["camera", "frame", "manual"]),
  sighting_id: z.uuid(),
  direction: z.enum(["approaching", "departing"]).nullable(),
  /**
   * As the source says it; of a frame the type is one of `VehicleType` and the colour one of `lib/vision/vehicles/colors.ts` or
   * `unknown`, each with the share of such answers that is right.
   */
  vehicle: z
    .object({
      type: z.string().nullable(),
      color: z.string().nullable(),
      type_confidence: z.number().nullish(),
      color_confidence: z.number().nullish(),
    })
    .nullable(),
  /** Of a frame: of the first look that came of this passage. Of a post: what its camera said, where that can be. */
  captured_at: Time,
  received_at: Time,
  camera_time: Time.nullable(),
  time_flag: z.enum(["too_old", "in_future"]).nullable(),
  image_problem: z.string().nullable(),
  /** Not sure enough to be believed unseen, and nobody has looked at it yet. */
  needs_review: z.boolean(),
  /** What a person says that it is, last; `plate: null`: not to be read. The read itself stays as it was. */
  correction: z.object({ plate: z.string().nullable(), created_at: Time }).nullable(),
  /** Signed, ≤ 10 min; null when there is no picture. */
  image_url: z.string().nullable(),
  plate_image_url: z.string().nullable(),
});
export type PlateRead = z.infer<typeof PlateRead>;
export const PlateReadList = listOf(PlateRead);

const Pixels = z.object({ x: z.number(), y: z.number() });
/** How a frame's plate was read. */
export const Reading = z.object({
  /** Of each position the likeliest characters, best first, none below 1 %. */
  positions: z.array(z.array(z.object({ character: z.string().length(1), probability: z.number() }))),
  rows: z.union([z.literal(1), z.literal(2)]),
  /** In pixels of the scene as it was read; corners as the plate is read: top left, top right, bottom right, bottom left. */
  picture: z.object({ width: z.number(), height: z.number() }),
  box: Pixels.extend({ width: z.number(), height: z.number() }),
  corners: z.array(Pixels).length(4),
  /** How often it was looked at, and how often at a parked vehicle without news. */
  looks: z.int(),
  suppressed: z.int(),
  first_at: Time,
  last_at: Time,
  /** What it said before better looks came. */
  earlier: z.array(z.object({ plate: z.string().nullable(), confidence: z.number(), until: Time })),
});
export type Reading = z.infer<typeof Reading>;
export const Correction = z.object({
  id: z.uuid(),
  plate: z.string().nullable(),
  reason: z.string().nullable(),
  created_by: z.string(),
  created_at: Time,
  is_current: z.boolean(),
});
/** A reading of the same passage. */
export const SightingSource = z.object({
  id: z.uuid(),
  source: z.enum(["camera", "frame", "manual"]),
  plate: z.string().nullable(),
  confidence: z.number().nullable(),
  captured_at: Time,
});
export const PlateReadDetails = PlateRead.extend({
  reading: Reading.nullable(),
  /** The read itself among them, earliest first. */
  sources: z.array(SightingSource),
  /** Newest first. */
  corrections: z.array(Correction),
});
export type PlateReadDetails = z.infer<typeof PlateReadDetails>;
/** The same text as was read confirms it. `plate: null`: nobody could read it. */
export const NewCorrection = z.strictObject({
  id: z.uuid(),
  plate: z.string().trim().min(2).max(12).nullable(),
  reason: z.string().trim().min(3).max(500),
});
/** The running list of a city, newest first. */
export const PlateReadQuery = Page.extend({
  cidade_id: z.uuid(),
  camera_id: z.uuid().optional(),
  from: Time.optional(),
  to: Time.optional(),
  /** Only those that somebody should look at. */
  needs_review: z.literal(true).optional(),
});
export const VehicleType = z.enum(vehicleTypes);
/** At most 31 days of one camera, or one day of all cameras of a city. Default: the last 24 hours. */
export const VehicleCountQuery = z.strictObject({
  cidade_id: z.uuid(),
  camera_id: z.uuid().optional(),
  from: Time.optional(),
  to: Time.optional(),
});
/** Passages of one camera in one hour; a camera's own read and a frame's of the same passage are one. */
export const VehicleCount = z.object({
  camera_id: z.uuid(),
  camera_nome: z.string(),
  /** When the hour begins. Hours without a passage are left out. */
  hour: Time,
  total: z.int(),
  types: z.record(VehicleType, z.int()),
});
export type VehicleCount = z.infer<typeof VehicleCount>;
/** Earliest hour first. */
export const VehicleCounts = z.object({ from: Time, to: Time, items: z.array(VehicleCount) });
/** Exact (`ABC1D23`), prefix (`ABC*`), wildcards (`?` one, `*` any number): `A?C1*`. At least two characters must be given. */
export const PlateSearch = Page.extend({
  cidade_ids: z.array(z.uuid()).min(1).max(50),
  plate: z.string().trim().min(2).max(12),
  from: Time.optional(),
  to: Time.optional(),
  camera_id: z.uuid().optional(),
  purpose: PurposeCode,
  purpose_reference: z.string().trim().max(100).optional(),
});
export const ById = z.strictObject({ id: z.uuid() });

export const Priority = z.enum(["critical", "attention", "info"]);
export const Watchlist = z.object({
  id: z.uuid(),
  cidade_id: z.uuid(),
  nome: z.string(),
  legal_basis: z.string().nullable(),
  priority: Priority,
  is_active: z.boolean(),
  created_at: Time,
});
export const NewWatchlist = z.strictObject({
  cidade_id: z.uuid(),
  nome: z.string().trim().min(2).max(200),
  legal_basis: z.string().trim().max(500).optional(),
  priority: Priority.default("attention"),
});
export const WatchlistQuery = Page.extend({ cidade_id: z.uuid() });
export const WatchlistList = listOf(Watchlist);
export const WatchlistEntry = z.object({
  id: z.uuid(),
  cidade_id: z.uuid(),
  watchlist_id: z.uuid(),
  plate: z.string(),
  reason: z.string(),
  expires_at: Time,
  created_by: z.string(),
  created_at: Time,
});
/** A full plate, old or Mercosul; at most 1 year ahead. The other writing of the same plate is matched too. */
export const NewWatchlistEntry = z.strictObject({
  watchlist_id: z.uuid(),
  cidade_id: z.uuid(),
  plate: z.string().trim().min(7).max(8),
  reason: z.string().trim().min(3).max(500),
  expires_at: Time,
});
export const WatchlistEntryQuery = Page.extend({ cidade_id: z.uuid(), watchlist_id: z.uuid().optional() });
export const WatchlistEntryList = listOf(WatchlistEntry);

export const Alert = z.object({
  id: z.uuid(),
  cidade_id: z.uuid(),
  plate: z.string(),
  priority: Priority,
  reason: z.string(),
  watchlist_nome: z.string(),
  entry_plate: z.string(),
  status: z.enum(["new", "acknowledged"]),
  created_at: Time,
  acknowledged_at: Time.nullable(),
  acknowledged_by: z.string().nullable(),
  version: z.int(),
  read: PlateRead,
});
export type Alert = z.infer<typeof Alert>;
export const AlertQuery = Page.extend({ cidade_id: z.uuid(), status: z.enum(["new", "acknowledged"]).optional() });
export const AlertList = listOf(Alert);
export const Nothing = z.null();

// Events -------------------------------------------------------------------------------------------------------------
export const LprPosted = eventType(
  "lpr.posted",
  1,
  z.object({ raw_post_id: z.uuid(), cidade_id: z.uuid(), camera_id: z.uuid() }),
);
export const LprDetected = eventType(
  "lpr.detected",
  1,
  z.object({
    event_id: z.uuid(),
    cidade_id: z.uuid(),
    camera_id: z.uuid(),
    plate: z.string().nullable(),
    confidence: z.number().nullable(),
    captured_at: Time,
    source: z.enum(["camera", "frame", "manual"]),
  }),
);
/** A read that was told says something else now: better looks came, or a person corrected it. Never for what it said first. */
export const LprCorrected = eventType(
  "lpr.corrected",
  1,
  z.object({
    event_id: z.uuid(),
    cidade_id: z.uuid(),
    camera_id: z.uuid(),
    plate: z.string().nullable(),
    previous_plate: z.string().nullable(),
    confidence: z.number().nullable(),
    captured_at: Time,
    source: z.enum(["camera", "frame", "manual"]),
    by: z.enum(["looks", "person"]),
  }),
);
export const AlertTriggered = eventType(
  "alert.triggered",
  1,
  z.object({
    alert_id: z.uuid(),
    cidade_id: z.uuid(),
    event_id: z.uuid(),
    plate: z.string(),
    priority: Priority,
    created_at: Time,
  }),
);
export const AlertAcknowledged = eventType(
  "alert.acknowledged",
  1,
  z.object({ alert_id: z.uuid(), cidade_id: z.uuid() }),
);
