/**
 * Eyes that see what a test puts before them: a frame's bytes are the JSON of the plates in it, and its picture is small and grey.
 *
 *     const sight = seeing();
 *     const host = await testHost(catalogue, { grants: { sight } });
 *     await host.host.handleFrame("read-plates", { frame: frameOf(camera, [plate("ABC1D23")]), attempt: 1 });
 */
import { AppError } from "#lib/errors.ts";
import type { Frame } from "#lib/frames/frames.ts";
import { uuidv7 } from "#lib/ids.ts";
import { CHARACTERS } from "#lib/vision/grammar.ts";
import type { Picture } from "#lib/vision/picture.ts";
import type { Sight } from "#lib/vision/sight.ts";
import type { Passer } from "#lib/vision/vehicles/passers.ts";
import type { VehicleSeen } from "#lib/vision/vehicles/vehicles.ts";
import type { PlateFound } from "#lib/vision/vision.ts";
import { tinyJpeg } from "./plates.ts";

const [WIDTH, HEIGHT] = [1280, 720];
/** What a network leaves to each of the other characters. */
const REST = 1e-4;

/** As it is handed to the eyes: what they will find. */
export type Shown = {
  text: string | null;
  confidence: number;
  /** Centre of the plate, as shares of the picture. */
  x: number;
  y: number;
  width_px: number;
  sharpness: number;
  score: number;
  /** Position → characters with their probabilities, where it is not the text's own for sure. */
  doubts: Record<number, Record<string, number>>;
  /** Of all plates of a picture or of none: what carries it. */
  vehicle: VehicleSeen | null;
};

export const plate = (text: string | null, more: Partial<Shown> = {}): Shown => ({
  text,
  confidence: text === null ? 0.1 : 0.99,
  x: 0.5,
  y: 0.5,
  width_px: 120,
  sharpness: 0.6,
  score: 0.9,
  doubts: {},
  vehicle: null,
  ...more,
});

export const frameOf = (
  camera: Pick<Frame, "cidade_id" | "camera_id">,
  shown: readonly Shown[],
  changes: Partial<Frame> = {},
): Frame => ({
  id: uuidv7(),
  ...camera,
  captured_at: new Date(),
  format: "jpeg",
  bytes: Buffer.from(JSON.stringify(shown)),
  correlation_id: uuidv7(),
  ...changes,
});

const positionsOf = ({ text, doubts }: Shown): Float32Array[] =>
  Array.from({ length: 7 }, (_, at) => {
    const shares = doubts[at] ?? (text === null ? {} : { [text[at] ?? ""]: 1 });
    const raw = Float32Array.from(CHARACTERS, (character) => (shares[character] ?? 0) + REST);
    const whole = raw.reduce((sum, share) => sum + share, 0);
    return raw.map((share) => Math.log(share / whole));
  });

const layoutOf = (text: string | null): PlateFound["layout"] =>
  text === null ? null : /\d/.test(text.charAt(4)) ? "old" : "mercosul";

export const foundOf = (shown: Shown): PlateFound => {
  const { text, confidence, x, y, width_px, sharpness, score } = shown;
  const [width, height] = [width_px, Math.round(width_px / 3)];
  const box = { x: Math.round(x * WIDTH - width / 2), y: Math.round(y * HEIGHT - height / 2), width, height };
  const [left, top, right, bottom] = [box.x, box.y, box.x + width, box.y + height];
  return {
    text,
    layout: layoutOf(text),
    rows: 1,
    confidence,
    alternatives: text === null ? [] : [{ text, confidence }],
    positions: positionsOf(shown),
    score,
    box,
    corners: [
      { x: left, y: top },
      { x: right, y: top },
      { x: right, y: bottom },
      { x: left, y: bottom },
    ],
    width_px,
    sharpness,
  };
};

export type Seeing = Sight & {
  /** Since the start, whatever came of it. */
  decoded: string[];
  /** Told with the next picture, as who has gone by without showing a plate. */
  passers: Passer[];
  /** Called before each picture is looked at: what it throws is the answer. */
  before: { find(picture: Picture): Promise<void>; decode(source: string): Promise<void> };
};

export const seeing = (): Seeing => {
  const shown = new WeakMap<Picture, PlateFound[]>();
  const vehicles = new WeakMap<Picture, VehicleSeen[]>();
  const decoded: string[] = [];
  const passers: Passer[] = [];
  const before: Seeing["before"] = { find: async () => undefined, decode: async () => undefined };
  return {
    decoded,
    passers,
    before,
    vision: {
      state: () => ({ state: "ready", provider: "cpu", version: "test-1" }),
      async find(picture) {
        await before.find(picture);
        return shown.get(picture) ?? [];
      },
      close: async () => undefined,
    },
    pictures: {
      async decode(source, _format, bytes) {
        decoded.push(source);
        await before.decode(source);
        const picture = { width: WIDTH, height: HEIGHT, luma: nothing, colour: { form: "grey" } } satisfies Picture;
        const seen = readShown(bytes);
        shown.set(picture, seen.map(foundOf));
        const carriers = seen.flatMap(({ vehicle }) => vehicle ?? []);
        if (carriers.length > 0) vehicles.set(picture, carriers);
        return picture;
      },
      counts: () => ({ decoded: decoded.length, refused: 0, skipped: 0, set_aside: 0, restarts: 0 }),
      worthLooking: () => true,
      lookForVehicles: (_source, _at, picture) => () => {
        const carriers = vehicles.get(picture);
        return carriers || passers.length > 0 ? { carriers: carriers ?? [], passers: passers.splice(0) } : null;
      },
      jpegOf: async () => tinyJpeg,
    },
    close: async () => undefined,
  };
};

const nothing = new Uint8Array(new SharedArrayBuffer(0));

const readShown = (bytes: Uint8Array): Shown[] => {
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as Shown[];
  } catch {
    throw new AppError("invalid", "No picture", { reason: "picture.unknown" });
  }
};
