/** What agents read at their sites: whose camera it is, and whether what they say of a frame can be. */
import type { TransactionSql } from "#lib/db/connect.ts";
import { AppError } from "#lib/errors.ts";
import type { PlateFound } from "#lib/vision/vision.ts";
import type { Passer } from "#lib/vision/vehicles/passers.ts";
import { MOST_PLATE_BYTES, MOST_SCENE_BYTES } from "#lib/wire/site-looks.ts";
import type { SiteLooks } from "./contract.ts";
import type { Look } from "./looks.ts";
import { readPicture } from "./pictures.ts";
import type { Photographs } from "./stored-pictures.ts";

/** Pixels: edges are not whole. */
const ROUNDED = 1;

/** Another agent's camera is as little there as another city's. */
export const mustBeOwnCamera = async (
  sql: TransactionSql,
  { agent_id, cidade_id, camera_id }: { agent_id: string; cidade_id: string; camera_id: string },
): Promise<void> => {
  const found = await sql`
    select 1 from camera_directory
    where cidade_id = ${cidade_id} and camera_id = ${camera_id} and agent_id = ${agent_id}`;
  if (found.length === 0) throw new AppError("not_found", "No such camera", { reason: "camera.unknown" });
};

/** What no single value shows. */
export const mustBelongTogether = ({ plates, carriers, passers, picture, photographs }: SiteLooks): void => {
  const outside = plates.flatMap(({ box }, at) =>
    box.x + box.width > picture.width + ROUNDED || box.y + box.height > picture.height + ROUNDED
      ? [{ path: `plates.${at}.box`, code: "outside" }]
      : [],
  );
  const errors = [
    ...outside,
    ...(carriers !== null && carriers.length !== plates.length ? [{ path: "carriers", code: "one_each" }] : []),
    ...passers.flatMap(({ first_at, last_at }, at) =>
      Date.parse(first_at) > Date.parse(last_at) ? [{ path: `passers.${at}`, code: "ends_before" }] : [],
    ),
    ...(photographs?.plates ?? []).flatMap(({ of }, at) =>
      of < plates.length ? [] : [{ path: `photographs.plates.${at}.of`, code: "no_such_plate" }],
    ),
  ];
  if (errors.length > 0)
    throw new AppError("invalid", "The looks contradict themselves", { reason: "looks.form", errors });
};

export const foundIn = ({ plates }: SiteLooks): PlateFound[] =>
  plates.map((plate) => ({ ...plate, positions: plate.positions.map((logs) => Float32Array.from(logs)) }));

export const passersIn = ({ passers }: SiteLooks): Passer[] =>
  passers.map(({ first_at, last_at, ...passer }) => ({
    ...passer,
    first_at: new Date(first_at),
    last_at: new Date(last_at),
  }));

/** Of the looks that were made of these plates, in their order. Throws `invalid` for what is no JPEG. */
export const photographsIn = ({ photographs }: SiteLooks, looks: readonly Look[]): Photographs => {
  const none = new Uint8Array();
  const scene = photographs ? jpegIn(photographs.scene, MOST_SCENE_BYTES, "photographs.scene") : none;
  const plates = new Map(
    photographs?.plates.map(({ of, plate }, at) => [
      looks[of],
      jpegIn(plate, MOST_PLATE_BYTES, `photographs.plates.${at}`),
    ]),
  );
  return {
    has: (look) => plates.has(look),
    scene: async () => scene,
    plate: async (look) => plates.get(look) ?? none,
  };
};

const jpegIn = (base64: string, most: number, path: string): Uint8Array => {
  const { bytes, ...read } = readPicture(base64);
  const isWhole = bytes !== null && read.problem === null && "extension" in read && read.extension === "jpg";
  if (isWhole && bytes.byteLength <= most) return bytes;
  throw new AppError("invalid", "The picture is no JPEG", {
    reason: "looks.picture",
    errors: [{ path, code: "jpeg" }],
  });
};
