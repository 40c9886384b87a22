/** Who drives through a camera's street in one loop, and which of them its plate camera reads. */
import { laneAt, streets, type Street } from "./drawing/streets.ts";
import { distanceAt } from "./drawing/views.ts";
import { newPlate, type PlateLayout } from "./drawing/plates.ts";
import type { PaintName, VehicleKind } from "./drawing/vehicle-shapes.ts";
import { chanceOf, type Chance } from "./random.ts";

export const FPS = 15;
/** Of 15 a second: what passes at 30 km/h is near enough in two or three of them. */
export const FRAMES_PER_KEY_FRAME = 8;
export const LOOP_SECONDS = 48;
export const LOOP_FRAMES = FPS * LOOP_SECONDS;

export type Trip = {
  kind: VehicleKind;
  paint: PaintName;
  plate: string;
  layout: PlateLayout;
  direction: "coming" | "going";
  lane: number;
  /** Metres a second. */
  speed: number;
  /** When it is at the reading line, within the loop. */
  frame: number;
  /** Whether the plate camera reads it: what comes, and motorcycles, which have no plate in front. */
  read: boolean;
};

const READS_PER_LOOP = 4;
/** On one lane, so that nobody drives into anybody. */
const SECONDS_APART = 3.4;

/** Where a plate is largest and still whole, in units of the drawing. */
export const READING_LINE = 456;
export const readingDistance = ({ view }: Street): number => distanceAt(view, READING_LINE);

/** All cameras that there may be, so that more cameras leave the others' traffic as it was. No plate occurs twice. */
export const planTraffic = (seed: string): Trip[][] => {
  const taken = new Set<string>();
  return streets.map((street, index) => planStreet(street, index, chanceOf(seed, "traffic", index), taken));
};

const planStreet = (street: Street, index: number, chance: Chance, taken: Set<string>): Trip[] => {
  const speeds = Array.from({ length: street.lanes }, (_, lane) => chance.between(6.2, 7.2) + lane * 1.2);
  const trips: Trip[] = [];
  const add = (direction: Trip["direction"], lane: number, seconds: number, vehicle: Vehicle, read: boolean): void => {
    const frame = Math.round(seconds * FPS) % LOOP_FRAMES;
    const layout = chance.happens(0.6) ? "mercosul" : "old";
    const plate = unusedPlate(layout, chance, taken);
    trips.push({ ...vehicle, plate, layout, direction, lane, speed: speeds[lane] ?? 10, frame, read });
  };
  const motorcycleTurn = chance.whole(1, READS_PER_LOOP - 1);
  for (let turn = 0; turn < READS_PER_LOOP; turn += 1) {
    const seconds = readSeconds(index, turn) + chance.between(-0.8, 0.8);
    const lane = chance.whole(0, street.lanes - 1);
    if (turn === motorcycleTurn) add("going", 0, seconds, motorcycle(chance), true);
    else add("coming", lane, seconds, car(chance), true);
  }
  const others = street.lanes * 6;
  const outermost = street.lanes - 1;
  const seconds = [...Array(LOOP_SECONDS).keys()].filter((second) => isFree(trips, outermost, second));
  add("going", outermost, seconds[chance.whole(0, seconds.length - 1)] ?? 0, large(chance), false);
  for (let tries = 0; tries < 80 && trips.length < READS_PER_LOOP + others; tries += 1) {
    const [lane, seconds] = [chance.whole(0, street.lanes - 1), chance.between(0, LOOP_SECONDS)];
    if (isFree(trips, lane, seconds)) add("going", lane, seconds, car(chance), false);
  }
  return trips;
};

/** Spread so that the city's passages come evenly, however many cameras there are (van der Corput's sequence). */
const readSeconds = (camera: number, turn: number): number => {
  const between = LOOP_SECONDS / READS_PER_LOOP;
  let share = 0;
  for (let rest = camera, part = 0.5; rest > 0; rest >>= 1, part /= 2) share += (rest & 1) * part;
  return turn * between + share * between + FIRST_READ_SECONDS;
};
const FIRST_READ_SECONDS = 3.5;

const isFree = (trips: readonly Trip[], lane: number, seconds: number): boolean =>
  trips
    .filter((trip) => trip.direction === "going" && trip.lane === lane)
    .every(({ frame }) => {
      const apart = Math.abs(frame / FPS - seconds);
      return Math.min(apart, LOOP_SECONDS - apart) >= SECONDS_APART;
    });

const unusedPlate = (layout: PlateLayout, chance: Chance, taken: Set<string>): string => {
  let plate = newPlate(layout, chance);
  while (taken.has(plate)) plate = newPlate(layout, chance);
  taken.add(plate);
  return plate;
};

type Vehicle = Pick<Trip, "kind" | "paint">;

const car = (chance: Chance): Vehicle => ({
  kind: chance.pick(["hatch", "hatch", "hatch", "sedan", "sedan", "suv", "suv", "pickup", "van"]),
  paint: chance.pick([
    "white",
    "white",
    "silver",
    "silver",
    "grey",
    "black",
    "red",
    "red",
    "blue",
    "blue",
    "green",
    "beige",
    "orange",
    "yellow",
  ]),
});

/** One a loop and street: they drive away, and are wider and higher than whatever else does. */
const large = (chance: Chance): Vehicle => ({
  kind: chance.pick(["truck", "bus"]),
  paint: chance.pick(["white", "white", "silver", "red", "blue", "green", "yellow", "orange"]),
});

const motorcycle = (chance: Chance): Vehicle => ({
  kind: "motorcycle",
  paint: chance.pick(["red", "blue", "black", "orange", "yellow", "white"]),
});

/** Metres from the camera at a frame; `null` while it is nowhere to be seen. */
export const distanceOf = (trip: Trip, street: Street, frame: number): number | null => {
  const late = wrapped(frame - trip.frame) / FPS;
  const distance = readingDistance(street) + trip.speed * (trip.direction === "coming" ? -late : late);
  return distance > CLOSEST && distance < FARTHEST_VEHICLE ? distance : null;
};

/** −half a loop to half a loop: the loop has no seam. */
const wrapped = (frames: number): number => ((frames + LOOP_FRAMES * 1.5) % LOOP_FRAMES) - LOOP_FRAMES / 2;

const CLOSEST = 3;
const FARTHEST_VEHICLE = 190;

export const sideOf = (trip: Trip, street: Street): number => laneAt(street, trip.direction, trip.lane);
