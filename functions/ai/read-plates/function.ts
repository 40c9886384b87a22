import { AppError } from "#lib/errors.ts";
import { frames, type Needs } from "#lib/function/define.ts";
import type { Frame } from "#lib/frames/frames.ts";
import type { Picture } from "#lib/vision/picture.ts";
import type { Passer } from "#lib/vision/vehicles/passers.ts";
import type { Tell } from "#lib/vision/vehicles/vehicles.ts";
import { verdictOf } from "#lib/vision/vehicles/votes.ts";
import { leftBehind, picturesOf, planFrame, type Step } from "../frame-plans.ts";
import { improveRead, publishRead } from "../frame-reads.ts";
import { looksOf, type Look } from "../looks.ts";
import { insertPassers } from "../passers.ts";
import { insertPassage, listOpen, lockCamera, updatePassage, type PassageRow } from "../passage-rows.ts";
import { readingOf } from "../passages.ts";
import { deletePictures, storePictures } from "../stored-pictures.ts";

type Needed = Needs<["transaction", "objects", "vision", "pictures", "clock"]>;
type Transaction = Parameters<Parameters<Needed["transaction"]>[0]>[0];

/** Older or newer, its clock is wrong: no day of the read's could be believed. */
const [OLDEST_MS, NEWEST_MS] = [24 * 3_600_000, 3_600_000];
/** Frames of one camera that are looked at side by side may change what a plan was made from. */
const PLANS = 3;
/** Of certainty: less does not change what people see. */
const LEAST_GAIN = 0.01;

export const readPlates = frames({
  name: "read-plates",
  summary: "Reads plates from frames: looks of one passage become one read, with its pictures",
  frames: { parallel: 4 },
  needs: ["transaction", "objects", "vision", "pictures", "clock"],
  async handle(frame, needs) {
    const { vision, pictures, clock } = needs;
    const state = vision.state();
    if (state.state !== "ready") return { skipped: "without_models" };
    mustBeOfToday(frame, clock());
    const picture = await pictureOf(frame, needs);
    if (picture === null) return { skipped: "superseded" };
    // One that is offered again would be compared with itself.
    const isWorth = needs.attempt > 1 || pictures.worthLooking(frame.camera_id, picture);
    const { looks, passers } = isWorth ? await lookAt(frame, picture, needs) : lookBeside(frame, picture, needs);
    const about = { frame, received_at: clock(), reader_version: state.version };
    if (passers.length > 0) await needs.transaction(({ sql }) => insertPassers(sql, about, passers));
    if (!isWorth) return { skipped: "unchanged" };
    if (looks.length === 0) return { skipped: "no_plate" };
    for (let plans = 1; ; plans += 1) {
      const plan = async ({ sql }: Pick<Transaction, "sql">): Promise<Step[]> =>
        planFrame(await listOpen(sql, frame, frame.captured_at), looks, about);
      const planned = await needs.transaction(plan);
      if (planned.every((step) => step.kind === "parked" && !step.isDue)) return { skipped: "parked" };
      await storePictures(needs, picture, picturesOf(planned));
      const written = await needs.transaction(async (tx) => {
        await lockCamera(tx.sql, frame);
        const steps = await plan(tx);
        if (!isCovered(planned, steps)) return null;
        return (await tx.once()) ? write(tx, steps) : [];
      });
      if (written) return deletePictures(needs.objects, leftBehind(written));
      if (plans === PLANS)
        throw new AppError("unavailable", "Too many frames of this camera at once", { retry_after_seconds: 1 });
    }
  },
});

const mustBeOfToday = ({ captured_at }: Frame, now: Date): void => {
  const age = now.getTime() - captured_at.getTime();
  if (age <= OLDEST_MS && age >= -NEWEST_MS) return;
  throw new AppError("invalid", "The frame's time cannot be", { reason: "frame.time" });
};

const gone: readonly (string | undefined)[] = ["picture.superseded", "picture.waited"];

/** `null`: no decoder became free before a newer picture came, or in time; nobody waits for the older one. */
const pictureOf = async (frame: Frame, { pictures }: Needed): Promise<Picture | null> => {
  try {
    return await pictures.decode(frame.camera_id, frame.format, frame.bytes);
  } catch (error) {
    if (error instanceof AppError && gone.includes(error.reason)) return null;
    throw error;
  }
};

type Looked = { looks: Look[]; passers: readonly Passer[] };

/** The street is compared while the networks look in their threads: what a plate says does not wait for what carries it. */
const lookAt = async (frame: Frame, picture: Picture, { vision, pictures, signal }: Needed): Promise<Looked> => {
  const compare = async (): Promise<Tell> => pictures.lookForVehicles(frame.camera_id, frame.captured_at, picture);
  const [plates, tell] = await Promise.all([vision.find(picture, { signal }), compare()]);
  const seen = tell(plates);
  return { looks: looksOf(frame, picture, plates, seen?.carriers ?? null), passers: seen?.passers ?? [] };
};

/** A picture that no network sees: from just these the empty street is learnt, and that who was there has gone. */
const lookBeside = ({ camera_id, captured_at }: Frame, picture: Picture, { pictures }: Needed): Looked => ({
  looks: [],
  passers: pictures.lookForVehicles(camera_id, captured_at, picture)([])?.passers ?? [],
});

const isCovered = (planned: readonly Step[], steps: readonly Step[]): boolean => {
  const stored = new Set(picturesOf(planned).map(({ scene }) => scene));
  return picturesOf(steps).every(({ scene }) => stored.has(scene));
};

const write = async (tx: Transaction, steps: readonly Step[]): Promise<readonly Step[]> => {
  for (const step of steps) {
    if (step.kind === "parked") {
      if (step.isDue) await updatePassage(tx.sql, step.row);
    } else await writeLook(tx, step);
  }
  return steps;
};

/** The read comes with the first look at which there is a text, and says what all looks say together from then on. */
const writeLook = async (tx: Transaction, step: Exclude<Step, { kind: "parked" }>): Promise<void> => {
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
