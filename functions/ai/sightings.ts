/** Sightings: a camera's own read and the read of its frames are one passage, whichever comes first. */
import type { TransactionSql } from "#lib/db/connect.ts";
import { twinOf } from "./plates.ts";
import type { NewPlateRead } from "./plate-reads.ts";

/** How far a camera's own read may lie before and after the first look of a frame's: it triggers at a line, and has its own clock. */
const [BEFORE_MS, AFTER_MS] = [10_000, 30_000];
/** Beyond both, so that nothing of the same passage is overlooked. */
const AROUND_MS = 60_000;
const MOST_NEIGHBOURS = 50;

type Joining = Pick<NewPlateRead, "id" | "cidade_id" | "camera_id" | "plate" | "source" | "captured_at">;
type Neighbour = { sighting_id: string; source: Joining["source"]; plate: string | null; captured_at: Date };

/** Under the lock of the camera. Answers the sighting of this read: its own, or that of the other source's read of this passage. */
export const sightingOf = async (sql: TransactionSql, read: Joining): Promise<string> => {
  if (read.plate === null) return read.id;
  const at = read.captured_at.getTime();
  const neighbours = await sql<Neighbour[]>`
    select sighting_id, source, plate, captured_at from lpr_events
    where cidade_id = ${read.cidade_id} and camera_id = ${read.camera_id} and id <> ${read.id} and plate is not null
      and captured_at between ${new Date(at - AROUND_MS)} and ${new Date(at + AROUND_MS)}
    order by captured_at desc limit ${MOST_NEIGHBOURS}`;
  const taken = new Set(neighbours.filter(({ source }) => source === read.source).map((one) => one.sighting_id));
  const [closest] = neighbours
    .filter((one) => one.source !== read.source && !taken.has(one.sighting_id) && isInReach(read, one))
    .map((one) => ({ ...one, differing: differing(read.plate, one.plate) }))
    .filter(({ differing: count }) => count <= 1)
    .toSorted((a, b) => a.differing - b.differing || distance(read, a) - distance(read, b));
  return closest?.sighting_id ?? read.id;
};

const distance = (a: { captured_at: Date }, b: { captured_at: Date }): number =>
  Math.abs(a.captured_at.getTime() - b.captured_at.getTime());

const isInReach = (read: Joining, other: Neighbour): boolean => {
  const [frame, camera] = read.source === "frame" ? [read, other] : [other, read];
  const after = camera.captured_at.getTime() - frame.captured_at.getTime();
  return after >= -BEFORE_MS && after <= AFTER_MS;
};

/** Characters that differ; the other layout's writing of a plate is the same plate. */
const differing = (a: string | null, b: string | null): number => {
  if (a === null || b === null || a.length !== b.length) return Number.POSITIVE_INFINITY;
  if (twinOf(a) === b) return 0;
  return Array.from(a).filter((character, at) => character !== b[at]).length;
};
