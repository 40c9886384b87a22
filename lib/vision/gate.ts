/**
 * Whether a camera's picture is worth looking at: what has not changed since the last look costs no detector. It compares the
 * means of a coarse grid over the luma, and lets a picture pass when one cell of it, or one next to it, has changed more than
 * the picture as a whole. Its state may be lost at any time: then it opens.
 */
import type { Picture } from "#lib/vision/picture.ts";

export type Gate = {
  /** Asked once for each picture of a source. True: look at it. */
  worthLooking(source: string, picture: Pick<Picture, "luma" | "width" | "height">): boolean;
  counts(): { looked: number; spared: number };
};

export type GateOptions = {
  /** `false`: every picture passes. */
  enabled: boolean;
  now?: () => number;
};

/** A vehicle whose plate can be read covers several cells: 1/64 of a picture's width is some 16 pixels of 1060, a plate is 35. */
const [COLUMNS, ROWS] = [64, 36];
const CELLS = COLUMNS * ROWS;
/** Every so many pixels in both directions: the mean of 1/16 of them is as good, and a picture costs 0.2 ms. */
const STEP = 4;
/**
 * Of 255, the light of the whole scene taken off: a grey car on grey asphalt changes a cell by 10 and more. Where the cells
 * themselves tremble, as a camera's noise by night does, it takes so many times their usual change, but never more than the most: a
 * bus that fills half of the picture must not count as trembling.
 */
const [LEAST_CHANGE, MOST_CHANGE, TIMES_USUAL] = [7, 20, 6];
const LEAST_CELLS = 3;
/**
 * A clock that the camera writes into its picture changes always. Cells that changed in a tenth of the last pictures are left out
 * as long as they are few: many of them are a busy street. Learnt in a few seconds, and only from pictures in which little else
 * changed: where the vehicles of a lane were learnt too, the next ones on it were not seen until they were near.
 */
const [RESTLESS, MEMORY, MOST_RESTLESS] = [0.1, 0.03, CELLS * 0.04];
/**
 * What moves is looked at until it has been still for so long, and once at least where pictures come slower: who stops at a light
 * is best read then, and more than once.
 */
const HELD_OPEN_MS = 2000;
/** Even where nothing seems to change it is looked at so often, for what changes slower than anybody drives. */
const LONGEST_MS = 60_000;
const MOST_SOURCES = 5000;

type Seen = {
  cells: Float32Array;
  restless: Float32Array;
  width: number;
  height: number;
  at: number;
  looked_at: number;
  changed_at: number;
};

export const openGate = ({ enabled, now = () => performance.now() }: GateOptions): Gate => {
  const last = new Map<string, Seen>();
  const counts = { looked: 0, spared: 0 };
  const isWorth = (source: string, { luma, width, height }: Parameters<Gate["worthLooking"]>[1]): boolean => {
    const before = last.get(source);
    const cells = meansOf(luma, width, height);
    const at = now();
    const isSame = before?.width === width && before.height === height;
    const changed_at = !isSame ? Number.NEGATIVE_INFINITY : hasChanged(before, cells) ? at : before.changed_at;
    const hasJustChanged = before?.changed_at === before?.at;
    const worth = !isSame || hasJustChanged || at - changed_at <= HELD_OPEN_MS || at - before.looked_at > LONGEST_MS;
    // Against the picture before, not the one last looked at: what has come to stand is the street soon.
    last.delete(source);
    const restless = isSame ? before.restless : new Float32Array(CELLS);
    const looked_at = worth ? at : (before?.looked_at ?? at);
    last.set(source, { cells, restless, width, height, at, looked_at, changed_at });
    if (last.size > MOST_SOURCES) last.delete(last.keys().next().value ?? "");
    return worth;
  };
  return {
    worthLooking(source, picture) {
      const worth = !enabled || isWorth(source, picture);
      counts[worth ? "looked" : "spared"] += 1;
      return worth;
    },
    counts: () => ({ ...counts }),
  };
};

const meansOf = (luma: Uint8Array, width: number, height: number): Float32Array => {
  const sums = new Float32Array(CELLS);
  const counts = new Uint16Array(CELLS);
  const columns = Uint16Array.from({ length: Math.ceil(width / STEP) }, (_, index) =>
    Math.floor((index * STEP * COLUMNS) / width),
  );
  for (let y = 0; y < height; y += STEP) {
    const row = Math.floor((y * ROWS) / height) * COLUMNS;
    for (let index = 0; index < columns.length; index += 1) {
      const cell = row + (columns[index] as number);
      sums[cell] = (sums[cell] as number) + (luma[y * width + index * STEP] as number);
      counts[cell] = (counts[cell] as number) + 1;
    }
  }
  return sums.map((sum, cell) => sum / Math.max(1, counts[cell] as number));
};

/** Keeps in mind how often each cell changes. */
const hasChanged = ({ cells, restless }: Seen, after: Float32Array): boolean => {
  const changes = after.map((mean, cell) => mean - (cells[cell] as number));
  const middle = changes.toSorted()[CELLS >> 1] as number;
  const sizes = changes.map((change) => Math.abs(change - middle));
  const usual = sizes.toSorted()[CELLS >> 1] as number;
  const least = Math.min(MOST_CHANGE, Math.max(LEAST_CHANGE, usual * TIMES_USUAL));
  let [restful, others, always] = [0, 0, 0];
  for (let cell = 0; cell < CELLS; cell += 1) {
    const changed = (sizes[cell] as number) >= least;
    const isRestless = (restless[cell] as number) > RESTLESS;
    if (isRestless) always += 1;
    if (changed && isRestless) others += 1;
    if (changed && !isRestless) restful += 1;
  }
  if (restful + others <= MOST_RESTLESS)
    for (let cell = 0; cell < CELLS; cell += 1) {
      const changed = (sizes[cell] as number) >= least;
      restless[cell] = (restless[cell] as number) * (1 - MEMORY) + (changed ? MEMORY : 0);
    }
  return restful + (always > MOST_RESTLESS ? others : 0) >= LEAST_CELLS;
};
