/** One picture of a street: what stands, who drives, what falls, and its number. */
import { chanceOf } from "#demo/random.ts";
import { LOOP_FRAMES, distanceOf, sideOf, type Trip } from "#demo/traffic.ts";
import { DRAWING, FRAME_CODE, drawFrameCode } from "./frame-code.ts";
import { lights, type Light } from "./lights.ts";
import { blueOf, lumaOf, planesOf, redOf, type Planes } from "./planes.ts";
import { NUMBER_FIELD, rasterBackground, rasterDigits, rasterGlow, rasterVehicle } from "./rasters.ts";
import { lay, type Place, type Sprite } from "./sprites.ts";
import type { Street } from "./streets.ts";
import { drawVehicle } from "./vehicles.ts";
import type { Vehicle } from "./vehicle-shapes.ts";
import { project } from "./views.ts";

type Mover = { trip: Trip; vehicle: Vehicle; sprite: Sprite };

export type Scene = {
  camera: number;
  street: Street;
  light: Light;
  movers: Mover[];
  glow: { head: Sprite; tail: Sprite };
  digits: Sprite[];
  rain: Drop[];
};

export const prepareScene = async (
  camera: number,
  street: Street,
  trips: readonly Trip[],
  seed: string,
): Promise<Scene> => {
  const movers = await Promise.all(
    trips.map(async (trip): Promise<Mover> => {
      const vehicle = vehicleOf(trip);
      return { trip, vehicle, sprite: await rasterVehicle(vehicle, street) };
    }),
  );
  const [head, tail, digits] = await Promise.all([rasterGlow("#fff3d0"), rasterGlow("#ff3526"), rasterDigits()]);
  const light: Light = lights[street.light];
  return {
    camera,
    street,
    light,
    movers,
    glow: { head, tail },
    digits,
    rain: light.weather === "rain" ? rainOf(seed) : [],
  };
};

export const vehicleOf = ({ direction, ...trip }: Trip): Vehicle =>
  drawVehicle({ ...trip, facing: direction === "coming" ? "front" : "back" });

/** The same street at another size: what stands is drawn anew, what moves is scaled. */
export const stageOf = async (scene: Scene, seed: string, scale: number): Promise<Stage> => ({
  scene,
  scale,
  background: await rasterBackground(scene.street, seed, scale),
});

export type Stage = { scene: Scene; scale: number; background: Planes };

export const blankFor = ({ background }: Stage): Planes => planesOf(background.width, background.height);

export const drawFrame = ({ scene, scale, background }: Stage, frame: number, planes: Planes): void => {
  planes.bytes.set(background.bytes);
  const seen = scene.movers
    .map((mover) => ({ mover, z: distanceOf(mover.trip, scene.street, frame) }))
    .filter((one): one is { mover: Mover; z: number } => one.z !== null)
    .toSorted((a, b) => b.z - a.z);
  for (const { mover, z } of seen) drawMover(scene, scale, mover, z, planes);
  for (const drop of scene.rain) drawDrop(drop, frame, scale, planes);
  drawFrameCode({ camera: scene.camera, frame }, planes.y, planes.width);
  drawNumber(scene, frame, scale, planes);
};

const drawMover = (scene: Scene, scale: number, { trip, vehicle, sprite }: Mover, z: number, planes: Planes): void => {
  const { street, light } = scene;
  const [x, y] = project(street.view, sideOf(trip, street), 0, z);
  /** Units of the picture a centimetre has there. */
  const size = ((street.view.focal / z) * scale) / 100;
  const { box } = vehicle;
  const share = 1 - Math.exp(-z / light.haze_metres);
  const place = (left: number, top: number, width: number, height: number): Place => ({
    left: x * scale + left * size,
    top: y * scale + top * size,
    width: width * size,
    height: height * size,
  });
  if (light.lamps) drawBeams(scene, vehicle, place, planes);
  lay(planes, sprite, { ...place(box.left, box.top, box.width, box.height), haze: { share, colour: hazeOf(light) } });
  if (light.lamps) drawGlows(scene, vehicle, place, planes);
};

const hazeOf = ({ haze }: Light): [number, number, number] => [lumaOf(...haze), blueOf(...haze), redOf(...haze)];

type PlaceOf = (left: number, top: number, width: number, height: number) => Place;

/** What lamps do to the street; on a wet one they are mirrored. */
const drawBeams = ({ light, glow }: Scene, { lamps }: Vehicle, place: PlaceOf, planes: Planes): void => {
  const wet = light.weather === "rain";
  for (const { x, kind } of lamps) {
    const sprite = kind === "head" ? glow.head : glow.tail;
    lay(planes, sprite, { ...place(x - 120, -32, 240, 110), opacity: kind === "head" ? 0.34 : 0.2 });
    if (wet) lay(planes, sprite, { ...place(x - 22, -10, 44, 210), opacity: 0.5 });
  }
};

const drawGlows = ({ glow }: Scene, { lamps }: Vehicle, place: PlaceOf, planes: Planes): void => {
  for (const { x, y, kind } of lamps) {
    const radius = kind === "head" ? 58 : 38;
    const sprite = kind === "head" ? glow.head : glow.tail;
    lay(planes, sprite, {
      ...place(x - radius, y - radius, radius * 2, radius * 2),
      opacity: kind === "head" ? 0.8 : 0.6,
    });
  }
};

const drawNumber = ({ digits }: Scene, frame: number, scale: number, planes: Planes): void => {
  const [height, step] = [16, 14];
  const left = FRAME_CODE.left - FRAME_CODE.quiet - NUMBER_FIELD + 5;
  for (const [index, digit] of Array.from(String(frame).padStart(4, "0")).entries()) {
    const sprite = digits[Number(digit)];
    const place = { left: (left + index * step) * scale, top: (FRAME_CODE.top + 2) * scale };
    if (sprite) lay(planes, sprite, { ...place, width: 10 * scale, height: height * scale });
  }
};

type Drop = { x: number; phase: number; frames: number; length: number };

const DROPS = 130;
/** Of the loop, so that rain has no seam. */
const fallingFrames = [8, 9, 10, 12] as const;

const rainOf = (seed: string): Drop[] => {
  const chance = chanceOf(seed, "rain");
  return Array.from({ length: DROPS }, () => ({
    x: chance.between(0, DRAWING.width + 60),
    phase: chance.next(),
    frames: chance.pick(fallingFrames),
    length: chance.between(12, 26),
  }));
};

const drawDrop = ({ x, phase, frames, length }: Drop, frame: number, scale: number, planes: Planes): void => {
  const fallen = ((frame % LOOP_FRAMES) / frames + phase) % 1;
  const top = (fallen * (DRAWING.height + length) - length) * scale;
  const left = (x - fallen * 60) * scale;
  for (let step = 0; step < length * scale; step += 1) {
    const row = Math.floor(top + step);
    const column = Math.floor(left - step * 0.13);
    if (row < 0 || row >= planes.height || column < 0 || column >= planes.width) continue;
    const at = row * planes.width + column;
    const before = planes.y[at] ?? 0;
    planes.y[at] = before + (215 - before) * 0.3;
  }
};
