import { cron, type Needs } from "#lib/function/define.ts";
import { endRead, publishRead } from "../frame-reads.ts";
import { listEnded, lockCamera, takeEnded, type PassageRow } from "../passage-rows.ts";
import { readingOf, STANDING_GAP_MS } from "../passages.ts";
import { deletePictures } from "../stored-pictures.ts";

/** A frame waits for 30 s at most and is tried three times: after that no look that belongs to it comes any more. */
const ENDED_MS = STANDING_GAP_MS + 30_000;
const CAMERAS = 200;
/** Below it is a poster or a grille rather than a plate that could not be read. */
const LEAST_SCORE = 0.5;

export const closePassages = cron({
  name: "close-passages",
  summary: "Ends passages that are over: tells of those whose plate could not be read",
  cron: { schedule: "* * * * *", timezone: "America/Sao_Paulo" },
  role: "gt_system",
  needs: ["transaction", "objects", "clock"],
  async handle(_input, { transaction, objects, clock, signal }) {
    const before = new Date(clock().getTime() - ENDED_MS);
    for (;;) {
      const cameras = await transaction(({ sql }) => listEnded(sql, before, CAMERAS));
      for (const camera of cameras) {
        signal.throwIfAborted();
        const nothing = await transaction(async (tx) => {
          await lockCamera(tx.sql, camera);
          return end(tx, await takeEnded(tx.sql, camera, before));
        });
        await deletePictures(objects, nothing);
      }
      if (cameras.length === 0) return;
    }
  },
});

type Transaction = Parameters<Parameters<Needs<["transaction"]>["transaction"]>[0]>[0];

/** Answers the pictures of what was nothing. */
const end = async (tx: Transaction, rows: readonly PassageRow[]): Promise<string[]> => {
  const nothing: string[] = [];
  for (const row of rows) {
    if (row.has_read) await endRead(tx.sql, row);
    else if (row.best.score >= LEAST_SCORE) await publishRead(tx, row, readingOf(row));
    else nothing.push(row.image_url, row.plate_image_url);
  }
  return nothing;
};
