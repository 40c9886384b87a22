/** From a camera's frame to the plates in it: the same where frames are read at the centre and where they are read at their site. */
import { AppError } from "#lib/errors.ts";
import type { Frame } from "#lib/frames/frames.ts";
import type { Picture } from "./picture.ts";
import type { Sight } from "./sight.ts";
import type { Passer } from "./vehicles/passers.ts";
import type { Tell, VehicleSeen } from "./vehicles/vehicles.ts";
import type { PlateFound } from "./vision.ts";

export type LookNeeds = Pick<Sight, "vision" | "pictures"> & {
  signal: AbortSignal;
  /** 1 for the first. */
  attempt: number;
};

export type Looked = {
  picture: Picture;
  plates: readonly PlateFound[];
  /** One for each plate; `null`: nobody looked for vehicles. */
  carriers: readonly VehicleSeen[] | null;
  passers: readonly Passer[];
  /** No network saw it: nothing has changed. */
  unchanged: boolean;
};

type Seen = Pick<Frame, "camera_id" | "captured_at" | "format" | "bytes">;

/** `null`: nobody decodes it, as a newer one came, or because it or its camera is known to break decoders. Throws what decoder and networks throw. */
export const lookAtFrame = async (frame: Seen, needs: LookNeeds): Promise<Looked | null> => {
  const picture = await pictureOf(frame, needs);
  if (picture === null) return null;
  // One that is offered again would be compared with itself.
  const isWorth = needs.attempt > 1 || needs.pictures.worthLooking(frame.camera_id, picture);
  return isWorth ? lookAt(frame, picture, needs) : lookBeside(frame, picture, needs);
};

/** No decoder became free before a newer picture came, or in time; or none is to be broken over it again. Another try changes nothing. */
const leftOut: readonly (string | undefined)[] = ["picture.superseded", "picture.waited", "picture.set_aside"];

const pictureOf = async (frame: Seen, { pictures }: LookNeeds): Promise<Picture | null> => {
  try {
    return await pictures.decode(frame.camera_id, frame.format, frame.bytes);
  } catch (error) {
    if (error instanceof AppError && leftOut.includes(error.reason)) return null;
    throw error;
  }
};

/** The street is compared while the networks look in their threads: what a plate says does not wait for what carries it. */
const lookAt = async (frame: Seen, picture: Picture, { vision, pictures, signal }: LookNeeds): Promise<Looked> => {
  const compare = async (): Promise<Tell> => pictures.lookForVehicles(frame.camera_id, frame.captured_at, picture);
  const [plates, tell] = await Promise.all([vision.find(picture, { signal }), compare()]);
  const seen = tell(plates);
  return { picture, plates, carriers: seen?.carriers ?? null, passers: seen?.passers ?? [], unchanged: false };
};

/** A picture that no network sees: from just these the empty street is learnt, and that who was there has gone. */
const lookBeside = ({ camera_id, captured_at }: Seen, picture: Picture, { pictures }: LookNeeds): Looked => ({
  picture,
  plates: [],
  carriers: null,
  passers: pictures.lookForVehicles(camera_id, captured_at, picture)([])?.passers ?? [],
  unchanged: true,
});
