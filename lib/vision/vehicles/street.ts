/* oxlint-disable typescript/no-non-null-assertion -- a check per cell would double the time, and the loops know their bounds */
/**
 * What a fixed camera shows when nobody is there, learnt slowly on a small picture of 128 × 72 cells: what differs from it is in
 * motion or has just come. The memory may be lost at any time: until it is learnt again nothing is said.
 */
import type { Picture } from "#lib/vision/picture.ts";

export const [COLUMNS, ROWS] = [128, 72];
const CELLS = COLUMNS * ROWS;
/** Of a cell's pixels, in each direction: their mean is as good as that of all. */
const SAMPLES = 3;

/** Means of cells, 0–255; without colour blue and red difference are 128. */
type Small = { luma: Float32Array; blue: Float32Array; red: Float32Array };
/** 1 where a cell is not the street. */
export type Changed = Uint8Array;

export type Street = {
  /** Learns from the picture, unless it is dark. `isDay`: its colours can be believed. `changed` is `null` then, and until enough were seen. */
  compare(picture: Picture): { isDay: boolean; changed: Changed | null };
};

/** So much an empty street may move towards a picture: who passes leaves no trace, who parks is the street after a minute. */
const [LIGHT_STEP, COLOUR_STEP] = [1.2, 0.6];
/** Until then the first picture, whoever stood in it, may still be what is taken for the street. */
const LEAST_PICTURES = 40;
/** Of 255. Where a cell itself trembles, as leaves and noise do, it takes so many times that. */
const [LEAST_LIGHT, LEAST_COLOUR, TIMES_TREMBLING] = [11, 7, 4];
const [TREMBLING_MEMORY, MOST_TREMBLING] = [0.04, 12];
/**
 * Median of the light, 0–255. Headlights and their beams are no vehicles: where it is dark nothing is compared. By twilight lamps
 * and plates shine already: there no colour can be told.
 */
const [DARK, TWILIGHT] = [58, 88];

export const openStreet = (): Street => {
  let known: Small | null = null;
  const trembling = new Float32Array(CELLS).fill(2);
  let pictures = 0;
  return {
    compare(picture) {
      const seen = smallOf(picture);
      const light = medianOf(seen.luma);
      if (light < DARK) return { isDay: false, changed: null };
      known ??= { luma: seen.luma.slice(), blue: seen.blue.slice(), red: seen.red.slice() };
      const gain = gainOf(known, seen);
      const changed = differences(known, seen, trembling, gain);
      learn(known, seen, trembling, gain);
      pictures += 1;
      return { isDay: light >= TWILIGHT && hasColours(seen), changed: pictures > LEAST_PICTURES ? changed : null };
    },
  };
};

/** By infrared cameras send colour planes in which nothing has a colour. Somewhere in a street by day something has. */
const [COLOUR, COLOURED_SHARE] = [5, 0.01];
const hasColours = ({ blue, red }: Small): boolean => {
  let coloured = 0;
  for (let cell = 0; cell < CELLS; cell += 1)
    if (Math.abs(blue[cell]! - 128) + Math.abs(red[cell]! - 128) > COLOUR) coloured += 1;
  return coloured > CELLS * COLOURED_SHARE;
};

/** Cameras change their exposure when something bright comes: what most of the picture did is not a change. */
/** Coprime to the columns, so that every part of the picture has a say. */
const GAIN_STEP = 9;
const gainOf = (known: Small, seen: Small): number => {
  const gains = new Float32Array(CELLS / GAIN_STEP);
  for (let at = 0; at < gains.length; at += 1)
    gains[at] = seen.luma[at * GAIN_STEP]! / Math.max(known.luma[at * GAIN_STEP]!, 8);
  return gains.sort()[gains.length >> 1]!;
};

const differences = (known: Small, seen: Small, trembling: Float32Array, gain: number): Changed => {
  const changed = new Uint8Array(CELLS);
  for (let cell = 0; cell < CELLS; cell += 1) {
    const light = Math.abs(seen.luma[cell]! - known.luma[cell]! * gain);
    const colour = Math.abs(seen.blue[cell]! - known.blue[cell]!) + Math.abs(seen.red[cell]! - known.red[cell]!);
    const least = Math.max(LEAST_LIGHT, trembling[cell]! * TIMES_TREMBLING);
    if (light > least || colour > LEAST_COLOUR) changed[cell] = 1;
  }
  return changed;
};

const learn = (known: Small, seen: Small, trembling: Float32Array, gain: number): void => {
  const step = (before: number, now: number, most: number): number =>
    before + Math.min(Math.max(now - before, -most), most);
  for (let cell = 0; cell < CELLS; cell += 1) {
    const light = seen.luma[cell]! / gain;
    const tremble = Math.min(Math.abs(light - known.luma[cell]!), MOST_TREMBLING);
    trembling[cell] = trembling[cell]! + (tremble - trembling[cell]!) * TREMBLING_MEMORY;
    known.luma[cell] = step(known.luma[cell]!, gain > 0.5 && gain < 2 ? light : seen.luma[cell]!, LIGHT_STEP);
    known.blue[cell] = step(known.blue[cell]!, seen.blue[cell]!, COLOUR_STEP);
    known.red[cell] = step(known.red[cell]!, seen.red[cell]!, COLOUR_STEP);
  }
};

const medianOf = (values: Float32Array): number => {
  const counts = new Uint16Array(256);
  for (let at = 0; at < values.length; at += 1) counts[values[at]! | 0]! += 1;
  let level = 0;
  for (let left = values.length / 2 - counts[0]!; left > 0 && level < 255; left -= counts[level]!) level += 1;
  return level;
};

const smallOf = (picture: Picture): Small => {
  const { colour } = picture;
  const luma = meansOf(picture.luma, picture.width, picture.height, 1);
  if (colour.form === "yuv420") {
    const [width, height] = [(picture.width + 1) >> 1, (picture.height + 1) >> 1];
    return { luma, blue: meansOf(colour.u, width, height, 1), red: meansOf(colour.v, width, height, 1) };
  }
  const [blue, red] = [new Float32Array(CELLS).fill(128), new Float32Array(CELLS).fill(128)];
  if (colour.form === "grey") return { luma, blue, red };
  const [r, b] = [0, 2].map((channel) => meansOf(colour.pixels.subarray(channel), picture.width, picture.height, 3));
  for (let cell = 0; cell < CELLS; cell += 1) {
    blue[cell] = 128 + (b![cell]! - luma[cell]!) * 0.564;
    red[cell] = 128 + (r![cell]! - luma[cell]!) * 0.713;
  }
  return { luma, blue, red };
};

/** `apart`: bytes from one pixel to the next. */
const meansOf = (bytes: Uint8Array, width: number, height: number, apart: number): Float32Array => {
  const step = Math.max(1, Math.round(width / COLUMNS / SAMPLES));
  const sums = new Float32Array(CELLS);
  const counts = new Uint16Array(CELLS);
  const columns = Uint16Array.from({ length: Math.ceil(width / step) }, (_, index) =>
    Math.floor((index * step * COLUMNS) / width),
  );
  for (let y = 0; y < height; y += step) {
    const row = Math.floor((y * ROWS) / height) * COLUMNS;
    for (let index = 0, at = y * width * apart; index < columns.length; index += 1, at += step * apart) {
      const cell = row + columns[index]!;
      sums[cell] = sums[cell]! + bytes[at]!;
      counts[cell] = counts[cell]! + 1;
    }
  }
  for (let cell = 0; cell < CELLS; cell += 1) sums[cell] = sums[cell]! / Math.max(1, counts[cell]!);
  return sums;
};
