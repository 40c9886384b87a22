/** From the looks of one frame to passages, pictures and reads: the same whoever looked, here or at the camera's site. */
import { AppError } from "#lib/errors.ts";
import type { Grants, Tx } from "#lib/function/define.ts";
import type { Frame } from "#lib/frames/frames.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import { verdictOf } from "#lib/vision/vehicles/votes.ts";
import { leftBehind, picturesOf, planFrame, type PictureOf, type Step } from "./frame-plans.ts";
import { improveRead, publishRead } from "./frame-reads.ts";
import type { Look } from "./looks.ts";
import { insertPassage, listOpen, lockCamera, updatePassage, type PassageRow } from "./passage-rows.ts";
import { readingOf } from "./passages.ts";
import { deletePictures, storePictures, type Photographs } from "./stored-pictures.ts";

/** Older or newer, its clock is wrong: no day of the read's could be believed. */
const [OLDEST_MS, NEWEST_MS] = [24 * 3_600_000, 3_600_000];
/** Frames of one camera that are looked at side by side may change what a plan was made from. */
const PLANS = 3;
/** Of certainty: less does not change what people see. */
const LEAST_GAIN = 0.01;

type Transaction = Parameters<Parameters<Grants["transaction"]>[0]>[0];

export type KeepNeeds = {
  transaction: Grants["transaction"];
  objects: ObjectStore;
  /** Claims the frame in the transaction of its effect. `false`: the effect is there already. */
  once(tx: Transaction): Promise<boolean>;
};

export type SeenFrame = {
  frame: Pick<Frame, "id" | "cidade_id" | "camera_id" | "captured_at">;
  received_at: Date;
  reader_version: string;
};

/** `wanted`: nothing is written before the pictures of these looks are there. */
export type Kept = { kind: "parked" | "kept" } | { kind: "wanted"; looks: readonly Look[] };

/** Throws `invalid`. */
export const mustBeOfToday = ({ captured_at }: Pick<Frame, "captured_at">, now: Date): void => {
  const age = now.getTime() - captured_at.getTime();
  if (age <= OLDEST_MS && age >= -NEWEST_MS) return;
  throw new AppError("invalid", "The frame's time cannot be", { reason: "frame.time" });
};

export const keepLooks = async (
  { transaction, objects, once }: KeepNeeds,
  about: SeenFrame,
  looks: readonly Look[],
  photographs: Photographs,
): Promise<Kept> => {
  const plan = async ({ sql }: Pick<Tx, "sql">): Promise<Step[]> =>
    planFrame(await listOpen(sql, about.frame, about.frame.captured_at), looks, about);
  for (let plans = 1; ; plans += 1) {
    const planned = await transaction(plan);
    if (planned.every((step) => step.kind === "parked" && !step.isDue)) return { kind: "parked" };
    const pictures = picturesOf(planned);
    const missing = pictures.filter(({ look }) => !photographs.has(look));
    if (missing.length > 0) return { kind: "wanted", looks: missing.map(({ look }) => look) };
    await storePictures(objects, photographs, pictures);
    const written = await transaction(async (tx) => {
      await lockCamera(tx.sql, about.frame);
      const steps = await plan(tx);
      if (!isCovered(pictures, steps)) return null;
      return (await once(tx)) ? write(tx, steps) : [];
    });
    if (written) {
      await deletePictures(objects, leftBehind(written));
      return { kind: "kept" };
    }
    if (plans === PLANS)
      throw new AppError("unavailable", "Too many frames of this camera at once", { retry_after_seconds: 1 });
  }
};

const isCovered = (stored: readonly PictureOf[], steps: readonly Step[]): boolean => {
  const scenes = new Set(stored.map(({ scene }) => scene));
  return picturesOf(steps).every(({ scene }) => scenes.has(scene));
};

const write = async (tx: Tx, steps: readonly Step[]): Promise<readonly Step[]> => {
  for (const step of steps) {
    if (step.kind === "parked") {
      if (step.isDue) await updatePassage(tx.sql, step.row);
    } else await writeLook(tx, step);
  }
  return steps;
};

/** The read comes with the first look at which there is a text, and says what all looks say together from then on. */
const writeLook = async (tx: Tx, step: Exclude<Step, { kind: "parked" }>): Promise<void> => {
  const { row, look } = step;
  const reading = readingOf(row, look.found);
  // A text is not taken back for looks that doubt it: it is doubted.
  const plate = reading.plate ?? row.plate;
  const { confidence } = reading;
  const now = { ...row, plate, confidence, has_read: row.has_read || plate !== null };
  if (step.kind === "begins") await insertPassage(tx.sql, now);
  else await updatePassage(tx.sql, now);
  if (!row.has_read && now.has_read) await publishRead(tx, now, reading);
  else if (row.has_read && isNews(step, now)) await improveRead(tx, now, { ...reading, plate });
};

const isNews = (step: Step, now: PassageRow): boolean =>
  step.row.plate !== now.plate ||
  Math.abs(step.row.confidence - now.confidence) > LEAST_GAIN ||
  (step.kind === "goes_on" && (step.exchanges || isOtherVehicle(step.before, now)));

const isOtherVehicle = (before: PassageRow, now: PassageRow): boolean => {
  const [was, is] = [verdictOf(before.vehicle), verdictOf(now.vehicle)];
  return was?.type !== is?.type || was?.color !== is?.color;
};
