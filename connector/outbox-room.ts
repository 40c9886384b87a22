/**
 * How much may wait in the outbox while the broker takes nothing. Beyond it whatever would cause an event is refused (503,
 * `outbox.full`) until there is room again: cameras and agents keep what they have, and the database keeps its disk.
 */
import type { Sql } from "#lib/db/connect.ts";
import type { Log } from "#lib/log.ts";
import { pause } from "#lib/pause.ts";

/** Events: some hours of a large city, and one or two gigabytes. */
export const OUTBOX_WATERMARK = 1_000_000;
/** Full until so much of it is free again: not full, free, full with each event. */
const FREE_AGAIN = 0.8;
const EVERY_MS = 5000;

/** Answers `null` where nothing has changed. `sql` logs in as gt_system. */
export const measureRoom = async (sql: Sql, watermark: number): Promise<{ is_full: boolean } | null> => {
  const [changed] = await sql<{ is_full: boolean }[]>`
    update outbox_room set is_full = measured.is_full
    from (
      select exists (
        select 1 from outbox where published_at is null and refused is null
        offset (select case when is_full then ${Math.floor(watermark * FREE_AGAIN)}::bigint else ${watermark}::bigint end
          from outbox_room)
        limit 1) as is_full
    ) measured
    where outbox_room.is_full <> measured.is_full returning outbox_room.is_full`;
  return changed ?? null;
};

export const watchRoom = (parts: { sql: Sql; watermark: number; log: Log }): { stop(): Promise<void> } => {
  const { sql, watermark, log } = parts;
  const naps = pause();
  let open = true;
  const run = async (): Promise<void> => {
    while (open) {
      const changed = await measureRoom(sql, watermark).catch((error: unknown) => {
        log.warn("The room in the outbox could not be measured", { error });
        return null;
      });
      if (changed?.is_full) log.error("The outbox is full: what would cause events is refused", { watermark });
      else if (changed) log.info("There is room in the outbox again", { watermark });
      if (open) await naps.nap(EVERY_MS);
    }
  };
  const running = run();
  return {
    stop: async () => {
      open = false;
      naps.wakeAll();
      await running;
    },
  };
};
