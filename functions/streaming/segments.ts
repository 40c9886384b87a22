/** Segments: what was recorded, where its bytes are, and when it was captured. */
import type { TransactionSql } from "#lib/db/connect.ts";
import type { NewSegment, PlayableSegment } from "./contract.ts";

/** Deterministic: the same segment is the same object, however often it is handed in. The folder is its city and camera. */
export const objectKeyOf = (
  cidade_id: string,
  { camera_id, boot_id, sequence }: { camera_id: string; boot_id: string; sequence: number },
): string => `${cidade_id}/${camera_id}/${boot_id}-${String(sequence).padStart(20, "0")}.mp4`;

/** How far ahead of its arrival a capture time may be. */
const AHEAD_MS = 3_600_000;
/** Longer than any segment: key frames come every few seconds. What overlaps an instant began no earlier than this before it. */
const LONGEST_MS = 300_000;

export type Believed = { captured_at: Date; wall_end: Date; camera_time: Date | null };

/**
 * A claimed time outside [a day there is, arrival + 1 h] is kept as `camera_time`, and the journal's time is taken, or where
 * that is no better the time at which the store got the bytes: both stay the same when the segment is handed in again.
 * `null`: not even that day is there any more.
 */
export const believedTimes = (
  segment: NewSegment,
  { stored_at, days, now }: { stored_at: Date; days: ReadonlySet<string>; now: Date },
): Believed | null => {
  const claimed = new Date(segment.captured_at);
  const within = (time: Date): boolean =>
    days.has(time.toISOString().slice(0, 10)) && time.getTime() <= now.getTime() + AHEAD_MS;
  const after = (time: Date, ms: number): Date => new Date(time.getTime() + ms);
  if (within(claimed)) {
    const end = new Date(segment.wall_end);
    // The clock was set while it was recorded.
    const jumped = end < claimed || end > after(claimed, Math.max(LONGEST_MS, segment.media_duration_ms));
    return {
      captured_at: claimed,
      wall_end: jumped ? after(claimed, segment.media_duration_ms) : end,
      camera_time: null,
    };
  }
  for (const end of [new Date(segment.journalled_at), stored_at]) {
    const begin = after(end, -segment.media_duration_ms);
    if (within(begin)) return { captured_at: begin, wall_end: end, camera_time: claimed };
  }
  return null;
};

/** Days (UTC) for which segments can be kept, oldest first. */
export const listDays = async (sql: TransactionSql): Promise<string[]> => {
  const rows = await sql<{ day: string }[]>`select day::text as day from gt_partition_days('recording_segments')`;
  return rows.map(({ day }) => day);
};

type Listed = { cidade_id: string; agent_id: string; object_key: string };

/** What the column holds, 24 days: of a clock that is wrong by more, only that it is so matters. */
const MOST_OFFSET_MS = 2_147_483_647;

/** A second time changes nothing. Answers whether it was new. */
export const insertSegment = async (
  sql: TransactionSql,
  segment: NewSegment,
  believed: Believed,
  listed: Listed,
): Promise<boolean> => {
  const {
    id,
    camera_id,
    recording_id,
    media_duration_ms,
    clock_offset_ms,
    boot_id,
    sequence,
    codec,
    width,
    height,
    bytes,
    sha256,
    init_length,
  } = segment;
  const rows = await sql`
    insert into recording_segments ${sql({
      ...listed,
      ...believed,
      id,
      camera_id,
      recording_id,
      media_duration_ms,
      clock_offset_ms: Math.max(-MOST_OFFSET_MS, Math.min(clock_offset_ms, MOST_OFFSET_MS)),
      boot_id,
      sequence,
      codec,
      width,
      height,
      bytes,
      sha256,
      init_length,
      object_offset: 0,
      object_length: bytes,
      fragments: sql.json(segment.fragments),
    })} on conflict do nothing returning 1`;
  return rows.length > 0;
};

export type SegmentRow = Omit<PlayableSegment, "captured_at" | "wall_end" | "url" | "url_expires_at"> & {
  captured_at: Date;
  wall_end: Date;
  boot_id: string;
  sequence: number;
  bytes: number;
  sha256: string;
  recording_id: string;
  object_key: string;
};

/** What overlaps [from, to), in order. */
export const listSegmentRows = (
  sql: TransactionSql,
  camera: { cidade_id: string; camera_id: string },
  from: Date,
  to: Date,
): Promise<SegmentRow[]> =>
  sql<SegmentRow[]>`
    select id, captured_at, wall_end, media_duration_ms, codec, width, height, init_length, fragments, boot_id, sequence, bytes, sha256,
      recording_id, object_key
    from recording_segments where ${overlapping(sql, camera, from, to)}
    order by captured_at, sequence`;

/** Which recording has something of [from, to); `null`: none. */
export const findRecordingIn = async (
  sql: TransactionSql,
  camera: { cidade_id: string; camera_id: string },
  from: Date,
  to: Date,
): Promise<string | null> => {
  const [row] = await sql<{ recording_id: string }[]>`
    select recording_id from recording_segments where ${overlapping(sql, camera, from, to)} order by captured_at limit 1`;
  return row?.recording_id ?? null;
};

/** Both ends bounded, so that only the days of the window are read. */
export const overlapping = (
  sql: TransactionSql,
  { cidade_id, camera_id }: { cidade_id: string; camera_id: string },
  from: Date,
  to: Date,
) => sql`
  cidade_id = ${cidade_id} and camera_id = ${camera_id}
  and captured_at >= ${new Date(from.getTime() - LONGEST_MS)} and captured_at < ${to} and wall_end > ${from}`;
