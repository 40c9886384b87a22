/** All that others may know of the streaming context. */
import * as z from "zod";
import { eventType } from "#lib/events.ts";
import { Page, Time, listOf } from "#lib/wire/lists.ts";

export const Recording = z.object({
  id: z.uuid(),
  cidade_id: z.uuid(),
  camera_id: z.uuid(),
  stream_id: z.uuid(),
  retention_days: z.int(),
  status: z.enum(["RECORDING", "STOPPED"]),
  started_at: Time,
  stopped_at: Time.nullable(),
});
export type Recording = z.infer<typeof Recording>;
export const OfCamera = z.strictObject({ camera_id: z.uuid() });

// Segments: what the agent hands in ---------------------------------------------------------------------------------

/** One GOP inside a segment's file. */
export const Fragment = z.strictObject({
  /** Bytes from the beginning of the file. */
  offset: z.int().nonnegative(),
  length: z.int().positive(),
  /** Wall ms from `captured_at` of the segment. */
  start_ms: z.int().nonnegative(),
  /** Media ms. */
  duration_ms: z.int().nonnegative(),
});
export type Fragment = z.infer<typeof Fragment>;

export const NewSegment = z.strictObject({
  /** UUIDv7 made by the agent. */
  id: z.uuid(),
  camera_id: z.uuid(),
  recording_id: z.uuid(),
  /** Server time by the agent's measured offset; flagged and replaced when out of the allowed window. */
  captured_at: Time,
  wall_end: Time,
  /** The journal's own time: stable under redelivery. */
  journalled_at: Time,
  media_duration_ms: z.int().nonnegative(),
  clock_offset_ms: z.int(),
  boot_id: z.uuid(),
  sequence: z.int().nonnegative(),
  /** RFC 6381, e.g. avc1.64001f */
  codec: z.string().max(60),
  width: z.int().nullable(),
  height: z.int().nullable(),
  bytes: z.int().positive().max(1_000_000_000),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  init_length: z.int().positive(),
  fragments: z.array(Fragment).min(1).max(2000),
});
export type NewSegment = z.infer<typeof NewSegment>;

/** Signed PUT per segment, valid ≤ 10 min; `null` url: the object is already there with these bytes. */
export const UploadRequest = z.strictObject({
  segments: z
    .array(
      z.strictObject({
        id: z.uuid(),
        camera_id: z.uuid(),
        bytes: z.int().positive(),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
        boot_id: z.uuid(),
        sequence: z.int().nonnegative(),
      }),
    )
    .min(1)
    .max(100),
});
export const UploadAnswer = z.object({
  uploads: z.array(
    z.object({
      id: z.uuid(),
      object_key: z.string(),
      url: z.string().nullable(),
      headers: z.record(z.string(), z.string()),
    }),
  ),
  /** One that cannot be stored keeps nobody else from it. `reason`: unknown_camera */
  refused: z.array(z.object({ id: z.uuid(), reason: z.string() })).default([]),
});
/** Each is checked to be in the store with its size and hash, then listed. A second time changes nothing. */
export const SegmentReport = z.strictObject({ segments: z.array(NewSegment).min(1).max(100) });
export const SegmentReceipt = z.object({
  accepted: z.array(z.uuid()),
  /** `reason`: unknown_recording, not_stored, wrong_bytes, too_old (no day that is kept) */
  refused: z.array(z.object({ id: z.uuid(), reason: z.string() })),
});

export const GapCause = z.enum(["camera", "uplink", "agent", "disk", "policy", "operator", "clock"]);
export const GapReport = z.strictObject({
  gaps: z
    .array(
      z.strictObject({
        camera_id: z.uuid(),
        starts_at: Time,
        ends_at: Time.nullable(),
        cause: GapCause,
        detail: z.string().max(200).nullable(),
      }),
    )
    .min(1)
    .max(200),
});

// What the console asks ---------------------------------------------------------------------------------------------

export const TimelineQuery = z.strictObject({ camera_id: z.uuid(), from: Time, to: Time });
/** At most 31 days. Spans are merged where segments follow each other within 1 s. */
export const Timeline = z.object({
  camera_id: z.uuid(),
  spans: z.array(z.object({ starts_at: Time, ends_at: Time })),
  gaps: z.array(
    z.object({ starts_at: Time, ends_at: Time.nullable(), cause: GapCause.nullable(), detail: z.string().nullable() }),
  ),
  /** `null`: all of the window is told. Else what begins from here on is not: ask again from here. */
  truncated_at: Time.nullable(),
  /** Where the city's plan begins to delete. */
  kept_since: Time,
});
export type Timeline = z.infer<typeof Timeline>;

/** At most 15 minutes. */
export const SegmentQuery = z.strictObject({ camera_id: z.uuid(), from: Time, to: Time });
export const PlayableSegment = z.object({
  id: z.uuid(),
  captured_at: Time,
  wall_end: Time,
  media_duration_ms: z.int(),
  codec: z.string(),
  width: z.int().nullable(),
  height: z.int().nullable(),
  init_length: z.int(),
  fragments: z.array(Fragment),
  /** Signed, ≤ 10 min; supports Range. */
  url: z.string(),
  url_expires_at: Time,
});
export type PlayableSegment = z.infer<typeof PlayableSegment>;
export const PlayableSegments = z.object({ segments: z.array(PlayableSegment) });

/** One path and one action, 60 s. The token goes into `live_open` on the console's socket. */
export const OpenStream = z.strictObject({ camera_id: z.uuid(), action: z.enum(["live"]) });
export const StreamToken = z.object({ token: z.string(), expires_at: Time });
/** What is inside the token, signed by the ring `streams`. */
export const StreamClaims = z.object({
  camera_id: z.uuid(),
  cidade_id: z.uuid(),
  action: z.enum(["live"]),
  agent_id: z.uuid(),
  session_id: z.uuid(),
  exp_ms: z.number(),
});
export type StreamClaims = z.infer<typeof StreamClaims>;

export const Thumbnail = z.object({ url: z.string(), captured_at: Time, expires_at: Time });
export const LastFrame = z.object({ camera_id: z.uuid(), captured_at: Time.nullable(), url: z.string().nullable() });

export const NewClip = z.strictObject({
  camera_id: z.uuid(),
  start_time: Time,
  end_time: Time,
  nome: z.string().trim().max(200).optional(),
});
/** Why a clip failed for good. People are told in words: `clips.failures` in console/messages. */
export const ClipFailure = z.enum([
  "clip.nothing_recorded",
  "clip.format_changed",
  "clip.segment_missing",
  "clip.segment_unreadable",
  "clip.segment_damaged",
  "clip.cannot_join",
  /** None of these. */
  "clip.failed",
]);
export type ClipFailure = z.infer<typeof ClipFailure>;
export const Clip = z.object({
  id: z.uuid(),
  cidade_id: z.uuid(),
  camera_id: z.uuid(),
  recording_id: z.uuid(),
  nome: z.string().nullable(),
  start_time: Time,
  end_time: Time,
  actual_start: Time.nullable(),
  actual_end: Time.nullable(),
  status: z.enum(["PENDING", "CUTTING", "READY", "FAILED"]),
  failure: ClipFailure.nullable(),
  gaps: z.array(z.object({ starts_at: Time, ends_at: Time, cause: z.string().nullable() })),
  sha256: z.string().nullable(),
  bytes: z.int().nullable(),
  thumbnail_url: z.string().nullable(),
  created_by: z.string(),
  created_at: Time,
  ready_at: Time.nullable(),
});
export type Clip = z.infer<typeof Clip>;
export const ClipQuery = Page.extend({ cidade_id: z.uuid(), camera_id: z.uuid().optional() });
export const ClipList = listOf(Clip);
export const ClipDownload = z.object({
  url: z.string(),
  expires_at: Time,
  filename: z.string(),
  sha256: z.string(),
  bytes: z.int(),
});
export const ById = z.strictObject({ id: z.uuid() });
export const Nothing = z.null();

/** What its plan allows but the clean-up would not do by itself, because it is more than can be meant. */
export const RetentionRelease = z.strictObject({ cidade_id: z.uuid() });
export const Released = z.object({ cidade_id: z.uuid(), captured_before: Time });

// Events -------------------------------------------------------------------------------------------------------------
export const RecordingStarted = eventType(
  "recording.started",
  1,
  z.object({ recording_id: z.uuid(), camera_id: z.uuid(), cidade_id: z.uuid(), agent_id: z.uuid().nullable() }),
);
export const RecordingStopped = eventType(
  "recording.stopped",
  1,
  z.object({ recording_id: z.uuid(), camera_id: z.uuid(), cidade_id: z.uuid(), agent_id: z.uuid().nullable() }),
);
export const ClipRequested = eventType("clip.requested", 1, z.object({ clip_id: z.uuid(), cidade_id: z.uuid() }));
export const ClipReady = eventType("clip.ready", 1, z.object({ clip_id: z.uuid(), cidade_id: z.uuid() }));
export const ClipFailed = eventType(
  "clip.failed",
  1,
  z.object({ clip_id: z.uuid(), cidade_id: z.uuid(), failure: ClipFailure }),
);
