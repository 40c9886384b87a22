/** Which time of a read the rules go by. */
import type { TransactionSql } from "#lib/db/connect.ts";

/** How far ahead of its arrival a claimed time may be. */
const AHEAD_MS = 3_600_000;

export type CaptureTime = { captured_at: Date; camera_time: Date | null; time_flag: "too_old" | "in_future" | null };

/**
 * A claim outside [oldest day there is, arrival + 1 h] is kept as `camera_time` and flagged, and the stored time of arrival is
 * taken: it is the same at every delivery.
 */
export const believedTime = (claimed: Date, received_at: Date, oldest: Date): CaptureTime => {
  if (claimed < oldest) return { captured_at: received_at, camera_time: claimed, time_flag: "too_old" };
  if (claimed.getTime() > received_at.getTime() + AHEAD_MS) {
    return { captured_at: received_at, camera_time: claimed, time_flag: "in_future" };
  }
  return { captured_at: claimed, camera_time: null, time_flag: null };
};

export const oldestDayOfReads = async (sql: TransactionSql): Promise<Date> => {
  const [row] = await sql<{ day: string }[]>`select min(day)::text as day from gt_partition_days('lpr_events')`;
  return new Date(`${row?.day ?? "1970-01-01"}T00:00:00Z`);
};
