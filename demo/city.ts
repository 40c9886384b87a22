/** The demonstration city of a data folder: drawn and filmed once, the same for the same seed. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { drawFrame, blankFor, prepareScene, stageOf, type Scene } from "./drawing/scenes.ts";
import { rasterPlate, toJpeg } from "./drawing/rasters.ts";
import { streets, type Street } from "./drawing/streets.ts";
import { filmLoop } from "./filming.ts";
import { claimPort } from "./ports.ts";
import { LOOP_FRAMES, LOOP_SECONDS, planTraffic, type Trip } from "./traffic.ts";
import { chanceOf } from "./random.ts";

/** Of what is drawn. Raised with every change to the drawing, so that a folder of before is drawn again. */
const DRAWING_VERSION = 3;

export const Passage = z.object({
  /** Of the loop, at which it is at the reading line. */
  frame: z.int(),
  plate: z.string(),
  layout: z.enum(["old", "mercosul"]),
  confidence: z.number(),
  direction: z.enum(["approaching", "departing"]),
  vehicle: z.object({ type: z.string(), color: z.string() }),
  /** JPEG files: the scene, and the plate alone. */
  image_file: z.string(),
  plate_image_file: z.string(),
});
export type Passage = z.infer<typeof Passage>;

/** Who drives through a loop, whether a plate camera posts it or not: what reading the pictures should find. */
export const DrawnVehicle = z.object({
  /** Of the loop, at which its plate is largest and still whole. */
  frame: z.int(),
  plate: z.string(),
  layout: z.enum(["old", "mercosul"]),
  rows: z.union([z.literal(1), z.literal(2)]),
  direction: z.enum(["approaching", "departing"]),
  vehicle: z.object({ type: z.string(), color: z.string() }),
});
export type DrawnVehicle = z.infer<typeof DrawnVehicle>;

export const CityCamera = z.object({
  name: z.string(),
  place: z.string(),
  /** H.264 in Annex B, one loop. */
  file: z.string(),
  fps: z.number(),
  port: z.int(),
  /** Without credentials: the demonstration's cameras have none. */
  url: z.string(),
  /** What its plate camera posts; none where there is no such camera. */
  passages: z.array(Passage),
  vehicles: z.array(DrawnVehicle),
});
export type CityCamera = z.infer<typeof CityCamera>;

export type City = { cameras: CityCamera[]; watched: { plate: string; reason: string }[] };

export type PrepareOptions = {
  dataDir: string;
  seed: string;
  /** 1 to 9. */
  cameras: number;
  onProgress: (line: string) => void;
};

const FINISHED = "finished.json";
const LOOP_FILE = "loop.h264";
/** 1060 × 600: plates of 50 to 80 pixels where they are nearest, of 35 a second before. */
const FILM_SCALE = 1.25;
const STILL_SCALE = 1.5;
const SIMULTANEOUS = 2;

export const prepareCity = async ({ dataDir, seed, cameras, onProgress }: PrepareOptions): Promise<City> => {
  const traffic = planTraffic(seed);
  const plans = streets.slice(0, cameras).map((street, index) => {
    const trips = traffic[index] ?? [];
    return { index, street, trips, folder: join(dataDir, `camera-${index + 1}`) };
  });
  const missing = plans.filter(({ folder }) => !isFinished(folder, seed));
  if (missing.length > 0) {
    onProgress(`Drawing and filming ${missing.length} streets of ${LOOP_SECONDS} s (once) …`);
    await inTurns(missing, async (plan) => {
      await makeCamera(plan, seed);
      onProgress(`  ${plan.street.name} is ready.`);
    });
  }
  const made = plans.map(({ folder }) => readCamera(folder));
  return { cameras: made, watched: watchedIn(made) };
};

/** Every read of one loop, in the order in which they happen. */
export const passagesOf = (city: City): (Passage & { camera: string })[] =>
  city.cameras
    .flatMap(({ name, passages }) => passages.map((passage) => ({ ...passage, camera: name })))
    .toSorted((a, b) => a.frame - b.frame);

/** The first that the first camera reads: it passes a few seconds after the start. */
const watchedIn = ([first]: readonly CityCamera[]): City["watched"] => {
  const [passage] = first?.passages ?? [];
  return passage ? [{ plate: passage.plate, reason: "Veículo com registro de furto (demonstração)" }] : [];
};

const readsOf = (trips: readonly Trip[]): Trip[] =>
  trips.filter(({ read }) => read).toSorted((a, b) => a.frame - b.frame);

type Plan = { index: number; street: Street; trips: readonly Trip[]; folder: string };

const inTurns = async (plans: readonly Plan[], work: (plan: Plan) => Promise<void>): Promise<void> => {
  const waiting = [...plans];
  const worker = async (): Promise<void> => {
    for (let plan = waiting.shift(); plan; plan = waiting.shift()) await work(plan);
  };
  await Promise.all(Array.from({ length: SIMULTANEOUS }, worker));
};

const Finished = z.object({ version: z.literal(DRAWING_VERSION), seed: z.string(), camera: CityCamera });

const isFinished = (folder: string, seed: string): boolean => {
  const file = join(folder, FINISHED);
  if (!existsSync(file)) return false;
  const read = Finished.safeParse(JSON.parse(readFileSync(file, "utf8")));
  return read.success && read.data.seed === seed;
};

/** Files are noted by their names alone: a data folder can be moved. */
const readCamera = (folder: string): CityCamera => {
  const { camera } = Finished.parse(JSON.parse(readFileSync(join(folder, FINISHED), "utf8")));
  const passages = camera.passages.map((passage) => ({
    ...passage,
    image_file: join(folder, passage.image_file),
    plate_image_file: join(folder, passage.plate_image_file),
  }));
  return { ...camera, file: join(folder, camera.file), passages };
};

/** Made beside its place and moved there when whole, so that what was killed half way is never taken for finished. */
const makeCamera = async (plan: Plan, seed: string): Promise<void> => {
  const { index, street, trips, folder } = plan;
  const part = `${folder}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true, mode: 0o700 });
  const scene = await prepareScene(index, street, trips, seed);
  const [passages] = await Promise.all([
    photograph(scene, seed, part),
    filmLoop(await stageOf(scene, seed, FILM_SCALE), join(part, LOOP_FILE), () => {}),
  ]);
  rmSync(folder, { recursive: true, force: true });
  const port = await claimPort(folder);
  const camera: CityCamera = {
    name: street.name,
    place: street.place,
    file: LOOP_FILE,
    fps: LOOP_FRAMES / LOOP_SECONDS,
    port,
    url: `rtsp://127.0.0.1:${port}/stream`,
    passages,
    vehicles: trips.map(vehicleOf).toSorted((a, b) => a.frame - b.frame),
  };
  const finished: z.input<typeof Finished> = { version: DRAWING_VERSION, seed, camera };
  writeFileSync(join(part, FINISHED), JSON.stringify(finished, null, 2));
  renameSync(part, folder);
};

/** What the plate camera posts: the very scene of the video, at a still camera's size. */
const photograph = async (scene: Scene, seed: string, part: string): Promise<Passage[]> => {
  const stage = await stageOf(scene, seed, STILL_SCALE);
  const planes = blankFor(stage);
  const passages: Passage[] = [];
  if (!scene.street.plate_camera) return passages;
  for (const [index, trip] of readsOf(scene.movers.map((mover) => mover.trip)).entries()) {
    const mover = scene.movers.find((one) => one.trip === trip);
    if (!mover) continue;
    const [image, plateImage] = [`passage-${index + 1}.jpg`, `passage-${index + 1}-plate.jpg`];
    drawFrame(stage, trip.frame, planes);
    writeFileSync(join(part, image), await toJpeg(planes, 86));
    writeFileSync(join(part, plateImage), await rasterPlate(mover.vehicle, scene.street));
    passages.push(passageOf(trip, seed, image, plateImage));
  }
  return passages;
};

const passageOf = (trip: Trip, seed: string, image_file: string, plate_image_file: string): Passage => {
  const { rows: _, ...vehicle } = vehicleOf(trip);
  const confidence = Math.round(chanceOf(seed, trip.plate).between(0.9, 0.995) * 1000) / 1000;
  return { ...vehicle, confidence, image_file, plate_image_file };
};

const vehicleOf = ({ frame, plate, layout, kind, direction, paint }: Trip): DrawnVehicle => ({
  frame,
  plate,
  layout,
  rows: kind === "motorcycle" ? 2 : 1,
  direction: direction === "coming" ? "approaching" : "departing",
  vehicle: { type: kind === "hatch" || kind === "sedan" || kind === "suv" ? "car" : kind, color: paint },
});
