/** Vehicles that passed without showing a plate: reads without a plate, a reading and pictures, which are counted and not listed. */
import type { TransactionSql } from "#lib/db/connect.ts";
import type { Frame } from "#lib/frames/frames.ts";
import { namedId } from "#lib/named-ids.ts";
import type { Passer } from "#lib/vision/vehicles/passers.ts";
import { lockCamera } from "./passage-rows.ts";
import { insertRead } from "./plate-reads.ts";

/** Processes that take turns at a camera see it in other pictures, and so a little earlier or later. */
const SAME_MS = 1500;
/** A camera that reads plates itself told of it already, at its own line and by its own clock. */
const OWN_READ_MS = 5000;

type About = { frame: Pick<Frame, "cidade_id" | "camera_id">; received_at: Date; reader_version: string };

export const insertPassers = async (sql: TransactionSql, about: About, passers: readonly Passer[]): Promise<void> => {
  await lockCamera(sql, about.frame);
  for (const passer of passers) if (!(await isTold(sql, about, passer))) await insertPasser(sql, about, passer);
};

/** One too few is better than one twice. */
const isTold = async (
  sql: TransactionSql,
  { frame }: About,
  { first_at, last_at, observer }: Passer,
): Promise<boolean> => {
  const around = (at: Date, ms: number): Date => new Date(at.getTime() + ms);
  const found = await sql`
    select 1 from lpr_events
    where cidade_id = ${frame.cidade_id} and camera_id = ${frame.camera_id}
      and captured_at between ${around(first_at, -OWN_READ_MS)} and ${around(last_at, OWN_READ_MS)}
      and (source = 'camera' or (source = 'frame' and reading is null and source_event_id <> ${observer}
        and captured_at between ${around(first_at, -SAME_MS)} and ${around(first_at, SAME_MS)}))
    limit 1`;
  return found.length > 0;
};

const insertPasser = async (
  sql: TransactionSql,
  { frame: { cidade_id, camera_id }, received_at, reader_version }: About,
  { first_at, last_at, observer }: Passer,
): Promise<void> => {
  const id = namedId(first_at, `${camera_id} ${observer} ${first_at.toISOString()} ${last_at.toISOString()}`);
  await insertRead(sql, {
    id,
    cidade_id,
    camera_id,
    plate: null,
    plate_raw: null,
    confidence: null,
    alternatives: null,
    source: "frame",
    source_event_id: observer,
    reader_version,
    sighting_id: id,
    direction: null,
    vehicle: { type: "unknown", color: "unknown" },
    captured_at: first_at,
    received_at,
    camera_time: null,
    time_flag: null,
    image_problem: null,
    image_url: null,
    plate_image_url: null,
    needs_review: false,
  });
};
