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

export type Believed = { captured_at: Date; wall_end: Date; camera_time: Date | null };

/**
 * A claimed time outside [oldest day there is, arrival + 1 h] is kept as `camera_time`, and the journal's time is taken: it
 * is stable when the same segment is handed in again.
 */
export const believedTimes = (segment: NewSegment, oldest: Date, now: Date): Believed => {
  const claimed = new Date(segment.captured_at);
  const journalled = new Date(segment.journalled_at);
  const within = (time: Date): boolean => time >= oldest && time.getTime() <= now.getTime() + AHEAD_MS;
  if (within(claimed)) return { captured_at: claimed, wall_end: new Date(segment.wall_end), camera_time: null };
  const end = within(journalled) ? journalled : now;
  return { captured_at: new Date(end.getTime() - segment.media_duration_ms), wall_end: end, camera_time: claimed };
};

export const oldestDay = async (sql: TransactionSql): Promise<Date> => {
  const [row] = await sql<{ day: string }[]>`select min(day)::text as day from gt_partition_days('recording_segments')`;
  return new Date(`${row?.day ?? "1970-01-01"}T00:00:00Z`);
};

type Listed = { cidade_id: string; agent_id: string; object_key: string };

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
      clock_offset_ms,
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

/** What overlaps [from, to), in order. No segment is longer than a few minutes, so that one day before is never needed. */
export const listSegmentRows = (
  sql: TransactionSql,
  camera: { cidade_id: string; camera_id: string },
  from: Date,
  to: Date,
): Promise<SegmentRow[]> =>
  sql<SegmentRow[]>`
    select id, captured_at, wall_end, media_duration_ms, codec, width, height, init_length, fragments, boot_id, sequence, bytes, sha256,
      recording_id, object_key
    from recording_segments
    where cidade_id = ${camera.cidade_id} and camera_id = ${camera.camera_id}
      and captured_at >= ${new Date(from.getTime() - 300_000)} and captured_at < ${to} and wall_end > ${from}
    order by captured_at, sequence`;
