/** From the samples that FFmpeg hands out, as they come, to the planes of a picture: full range, in shared memory. */
import type { Picture } from "#lib/vision/picture.ts";
import type { AccessUnit } from "./access-unit.ts";

export type Filling = {
  /** Of the whole picture. */
  bytes: number;
  /** Takes what is still missing from `chunk` and says how much that was. */
  take(chunk: Buffer, from: number): number;
  isFull(): boolean;
  picture(): Picture;
};

/**
 * Limited range (16–235, colours 16–240) to full range, two samples at a time: half the time of one by one. FFmpeg's own tables
 * are made anew at each change of size, which takes longer than a picture.
 */
const stretched = (span: number, from: number, zero: number): Uint16Array => {
  const one = Array.from({ length: 256 }, (_, value) =>
    Math.min(255, Math.max(0, Math.round(((value - from) * 255) / span + zero))),
  );
  return Uint16Array.from({ length: 65_536 }, (_, two) => (one[two & 255] ?? 0) | ((one[two >> 8] ?? 0) << 8));
};
const LUMA = stretched(219, 16, 0);
const CHROMA = stretched(224, 128, 128);

const plane = (bytes: number): Uint8Array<SharedArrayBuffer> => new Uint8Array(new SharedArrayBuffer(bytes));

/** `stretch`: the samples are of limited range. */
export const fillingFor = ({ width, height, matrix, grey, fields }: AccessUnit, stretch: boolean): Filling => {
  const quarter = ((width + 1) >> 1) * ((height + 1) >> 1);
  const planes = [plane(width * height), plane(quarter), plane(quarter)] as const;
  const bytes = width * height + 2 * quarter;
  let [filled, index, at] = [0, 0, 0];
  return {
    bytes,
    take(chunk, from) {
      let read = from;
      while (read < chunk.length && index < planes.length) {
        const target = planes[index] ?? planes[0];
        const count = Math.min(chunk.length - read, target.length - at);
        copy(chunk.subarray(read, read + count), target, at, stretch ? (index === 0 ? LUMA : CHROMA) : null);
        read += count;
        at += count;
        if (at === target.length) [index, at] = [index + 1, 0];
      }
      filled += read - from;
      return read - from;
    },
    isFull: () => filled === bytes,
    picture() {
      const [luma, u, v] = planes;
      if (fields) settleFields(luma, width, height);
      return { width, height, luma, colour: grey ? { form: "grey" } : { form: "yuv420", u, v, matrix } };
    },
  };
};

const copy = (source: Uint8Array, target: Uint8Array, to: number, table: Uint16Array | null): void => {
  if (!table) return target.set(source, to);
  const isEven = ((source.byteOffset | to) & 1) === 0;
  const pairs = isEven ? source.length >> 1 : 0;
  const [two, into] = [
    new Uint16Array(source.buffer, isEven ? source.byteOffset : 0, pairs),
    new Uint16Array(target.buffer, isEven ? to : 0, pairs),
  ];
  for (let index = 0; index < pairs; index += 1) into[index] = table[two[index] as number] as number;
  for (let index = pairs * 2; index < source.length; index += 1)
    target[to + index] = (table[source[index] as number] as number) & 255;
};

/** How much rougher neighbouring rows must be than every second row for a picture to be torn by movement. */
const TORN = 1.5;
const ROW_STEP = 8;

/**
 * Two fields were taken one after the other: where something moved between them, its edges are combs and no plate can be read.
 * Then the second field's rows are made from the rows around them. A picture without combs keeps all of its rows.
 */
export const settleFields = (luma: Uint8Array, width: number, height: number): void => {
  if (!isTorn(luma, width, height)) return;
  for (let row = 1; row < height - 1; row += 2) {
    const [above, here, below] = [(row - 1) * width, row * width, (row + 1) * width];
    for (let column = 0; column < width; column += 1)
      luma[here + column] = ((luma[above + column] as number) + (luma[below + column] as number) + 1) >> 1;
  }
};

/** Looked at in blocks: one car may be torn in a street that stands still. */
const isTorn = (luma: Uint8Array, width: number, height: number): boolean => {
  const [across, down] = [64, 32];
  for (let top = 0; top + down + 2 <= height; top += down) {
    for (let left = 0; left + across <= width; left += across) {
      let [neighbours, seconds] = [0, 0];
      for (let row = top; row < top + down; row += 1) {
        for (let column = left + (row % ROW_STEP); column < left + across; column += ROW_STEP) {
          const at = row * width + column;
          const one = luma[at] as number;
          neighbours += Math.abs(one - (luma[at + width] as number));
          seconds += Math.abs(one - (luma[at + 2 * width] as number));
        }
      }
      const samples = (down * across) / ROW_STEP;
      if (neighbours > seconds * TORN && neighbours > samples * 6) return true;
    }
  }
  return false;
};
