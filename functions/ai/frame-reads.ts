/** Reads of frames: what becomes of a passage in `lpr_events`, and who is told. */
import type { TransactionSql } from "#lib/db/connect.ts";
import type { Tx } from "#lib/function/define.ts";
import { CHARACTERS } from "#lib/vision/grammar.ts";
import { REVIEWED_BELOW } from "#lib/vision/certainty.ts";
import { verdictOf } from "#lib/vision/vehicles/votes.ts";
import type { Reading } from "./contract.ts";
import { LprCorrected, LprDetected } from "./contract.ts";
import type { PassageRow } from "./passage-rows.ts";
import { positionsOf, type PassageReading } from "./passages.ts";
import { deleteKeys, insertKeys, insertRead, type NewPlateRead } from "./plate-reads.ts";
import { sightingOf } from "./sightings.ts";

const MOST_CHARACTERS = 4;
const LEAST_PROBABILITY = 0.01;
const MOST_EARLIER = 10;

/** The first that is told of a passage. Under the lock of its camera. */
export const publishRead = async ({ sql, outbox }: Tx, row: PassageRow, reading: PassageReading): Promise<void> => {
  const read = newRead(row, reading);
  const sighting_id = await sightingOf(sql, read);
  if (!(await insertRead(sql, { ...read, sighting_id }))) return;
  await outbox.add(LprDetected, toldOf(row, reading), { subject: row.camera_id, partition_key: row.camera_id });
};

type Before = {
  plate: string | null;
  confidence: number;
  sighting_id: string;
  reading: Reading;
  correction: { plate: string | null } | null;
};

/** Better looks came. What a person has said about the read stands, and is not doubted again. */
export const improveRead = async ({ sql, outbox }: Tx, row: PassageRow, reading: PassageReading): Promise<void> => {
  const { cidade_id, id, captured_at } = row;
  const [before] = await sql<Before[]>`
    select plate, confidence, sighting_id, reading,
      (select jsonb_build_object('plate', k.plate) from lpr_corrections k
        where k.cidade_id = e.cidade_id and k.event_id = e.id and k.is_current) as correction
    from lpr_events e where cidade_id = ${cidade_id} and captured_at = ${captured_at} and id = ${id} for update`;
  if (!before) return;
  const isOther = before.plate !== reading.plate;
  const read = newRead(row, reading);
  // One that stands alone may meet its other half by what it says now.
  const sighting_id =
    isOther && before.sighting_id === id
      ? await sightingOf(sql, { ...read, plate: reading.plate })
      : before.sighting_id;
  const now = { ...read.reading, earlier: earlierOf(before, isOther, row.last_at) };
  await sql`
    update lpr_events set ${sql({
      plate: read.plate,
      confidence: read.confidence,
      alternatives: sql.json(reading.alternatives.map(({ text, confidence }) => ({ plate: text, confidence }))),
      needs_review: read.needs_review && before.correction === null,
      reading: sql.json(now),
      vehicle: read.vehicle && sql.json(read.vehicle),
      image_url: read.image_url,
      plate_image_url: read.plate_image_url,
      sighting_id,
    })} where cidade_id = ${cidade_id} and captured_at = ${captured_at} and id = ${id}`;
  if (!isOther) return;
  if (before.plate !== null) await deleteKeys(sql, row, before.plate, before.correction?.plate ?? null);
  if (read.plate !== null) await insertKeys(sql, row, read.plate);
  if (before.correction !== null) return;
  const data = { ...toldOf(row, reading), previous_plate: before.plate, by: "looks" as const };
  await outbox.add(LprCorrected, data, { subject: row.camera_id, partition_key: row.camera_id });
};

const earlierOf = (before: Before, isOther: boolean, until: Date): Reading["earlier"] =>
  isOther
    ? [
        ...before.reading.earlier,
        { plate: before.plate, confidence: before.confidence, until: until.toISOString() },
      ].slice(-MOST_EARLIER)
    : before.reading.earlier;

/** How it ended: how often the vehicle was seen, until when, and what it is by all looks. */
export const endRead = (sql: TransactionSql, { cidade_id, captured_at, id, ...row }: PassageRow) => {
  const vehicle = verdictOf(row.vehicle);
  return sql`
    update lpr_events
    set reading = reading || ${sql.json({ looks: row.looks, suppressed: row.suppressed, last_at: row.last_at.toISOString() })},
      vehicle = ${vehicle && sql.json(vehicle)}
    where cidade_id = ${cidade_id} and captured_at = ${captured_at} and id = ${id} and reading is not null`;
};

const newRead = (row: PassageRow, { plate, confidence, alternatives }: PassageReading) =>
  ({
    id: row.id,
    cidade_id: row.cidade_id,
    camera_id: row.camera_id,
    plate,
    // What could not be believed is kept as what it looked like.
    plate_raw: alternatives[0]?.text ?? plate,
    confidence,
    alternatives: alternatives.map((one) => ({ plate: one.text, confidence: one.confidence })),
    source: "frame",
    source_event_id: null,
    reader_version: row.reader_version,
    sighting_id: row.id,
    direction: null,
    vehicle: verdictOf(row.vehicle),
    captured_at: row.captured_at,
    received_at: row.received_at,
    camera_time: null,
    time_flag: null,
    image_problem: null,
    image_url: row.image_url,
    plate_image_url: row.plate_image_url,
    needs_review: plate === null || confidence < REVIEWED_BELOW,
    reading: readingJson(row),
  }) satisfies NewPlateRead;

const readingJson = (row: PassageRow): Reading => ({
  positions: positionsOf(row).map(likeliest),
  rows: row.best.rows,
  picture: row.best.picture,
  box: row.best.box,
  corners: [...row.best.corners],
  looks: row.looks,
  suppressed: row.suppressed,
  first_at: row.first_at.toISOString(),
  last_at: row.last_at.toISOString(),
  earlier: [],
});

const likeliest = (logs: Float32Array): Reading["positions"][number] =>
  Array.from(logs, (log, at) => ({ character: CHARACTERS.charAt(at), probability: rounded(Math.exp(log)) }))
    .toSorted((a, b) => b.probability - a.probability)
    .filter(({ probability }, at) => at === 0 || probability >= LEAST_PROBABILITY)
    .slice(0, MOST_CHARACTERS);

const rounded = (share: number): number => Math.round(share * 10_000) / 10_000;

const toldOf = (row: PassageRow, { plate, confidence }: PassageReading) => ({
  event_id: row.id,
  cidade_id: row.cidade_id,
  camera_id: row.camera_id,
  plate,
  confidence,
  captured_at: row.captured_at.toISOString(),
  source: "frame" as const,
});
