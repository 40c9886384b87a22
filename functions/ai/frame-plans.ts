/** What a frame means for the passages of its camera: made from rows and looks alone, and made again under the lock. */
import type { Frame } from "#lib/frames/frames.ts";
import type { Look } from "./looks.ts";
import type { PassageRow } from "./passage-rows.ts";
import { add, begin, isBetter, isParked, passagesOf, suppress } from "./passages.ts";

export type Step =
  | { kind: "begins"; look: Look; row: PassageRow }
  /** `exchanges`: this look's pictures take the place of those that are kept. */
  | { kind: "goes_on"; look: Look; before: PassageRow; row: PassageRow; exchanges: boolean }
  /** `isDue`: it is written down that the vehicle is still there. */
  | { kind: "parked"; row: PassageRow; isDue: boolean };

/** What is to lie in lpr-images before the step is written. */
export type PictureOf = { look: Look; scene: string; plate: string };

/** A parked vehicle is written down this often, not with each frame. */
const STILL_THERE_MS = 60_000;

type About = { frame: Pick<Frame, "cidade_id" | "camera_id">; received_at: Date; reader_version: string };

export const planFrame = (open: readonly PassageRow[], looks: readonly Look[], about: About): Step[] => {
  const belongs = passagesOf(open, looks);
  return looks.map((look, index): Step => {
    const before = belongs[index];
    if (!before) return { kind: "begins", look, row: firstRow(look, about) };
    if (isParked(before)) {
      const isDue = look.at.getTime() - before.last_at.getTime() >= STILL_THERE_MS;
      return { kind: "parked", row: suppress(before, look), isDue };
    }
    const exchanges = isBetter(before, look);
    const row = add(before, look);
    return { kind: "goes_on", look, before, row: exchanges ? { ...row, ...keysOf(row, look) } : row, exchanges };
  });
};

const firstRow = (look: Look, { frame, received_at, reader_version }: About): PassageRow => {
  const row = { ...begin(look), cidade_id: frame.cidade_id, camera_id: frame.camera_id, received_at, reader_version };
  return { ...row, ...keysOf(row, look), plate: null, confidence: 0, has_read: false };
};

/** Named after the read, so that it is known whose they are; those of a later look after that look as well. */
const keysOf = (
  { cidade_id, camera_id, captured_at, id }: Pick<PassageRow, "cidade_id" | "camera_id" | "captured_at" | "id">,
  look: Look,
): Pick<PassageRow, "image_url" | "plate_image_url"> => {
  const folder = `${cidade_id}/${camera_id}/${captured_at.toISOString().slice(0, 10)}/${id}`;
  const suffix = look.id === id ? "" : `-${look.id.slice(-12)}`;
  return { image_url: `${folder}-scene${suffix}.jpg`, plate_image_url: `${folder}-plate${suffix}.jpg` };
};

export const picturesOf = (steps: readonly Step[]): PictureOf[] =>
  steps.flatMap((step) =>
    step.kind === "begins" || (step.kind === "goes_on" && step.exchanges)
      ? [{ look: step.look, scene: step.row.image_url, plate: step.row.plate_image_url }]
      : [],
  );

/** Pictures that no row names any more. */
export const leftBehind = (steps: readonly Step[]): string[] =>
  steps.flatMap((step) =>
    step.kind === "goes_on" && step.exchanges ? [step.before.image_url, step.before.plate_image_url] : [],
  );
