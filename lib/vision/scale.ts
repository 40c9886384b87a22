/* oxlint-disable typescript/no-non-null-assertion -- a check per pixel would double the time, and the loops know their bounds */
/** A picture made smaller for the detector: each pixel the mean of what it covers, as the networks saw it in training. */

/** Pixels of the detector's look, whatever the shape of the picture (`training/gtplates/models.py`). */
export const DETECTOR_PIXELS = 640 * 384;
const STEP = 32;
const MOST_ENLARGED = 2;

export type Size = { width: number; height: number };

/** Both sides multiples of 32. */
export const detectorSize = ({ width, height }: Size): Size => {
  const scale = Math.min(Math.sqrt(DETECTOR_PIXELS / (width * height)), MOST_ENLARGED);
  const side = (length: number): number => Math.max(STEP, roundToEven((length * scale) / STEP) * STEP);
  return { width: side(width), height: side(height) };
};

/** Python's rounding: a half goes to the even neighbour. */
const roundToEven = (value: number): number => {
  const low = Math.floor(value);
  return value - low === 0.5 ? low + (low % 2) : Math.round(value);
};

export const scaleLuma = (luma: Uint8Array, from: Size, to: Size): Uint8Array =>
  from.width < to.width || from.height < to.height ? enlarge(luma, from, to) : shrink(luma, from, to);

/** A pixel's shares of its rows are parts of 2^8, so that two pixels are summed in one word: 3 times as fast as one by one. */
const ONE = 256;
const EVEN = 0x00ff00ff;
const WORD = 4;

/** Rows begin at whole words; `each`: words of a row. */
type Rows = { words: Uint32Array; each: number };
/** Per row of the small picture. */
type Taps = { first: number; weights: number[] };

const shrink = (luma: Uint8Array, from: Size, to: Size): Uint8Array => {
  const rows = wordRows(luma, from);
  const taps = tapsOf(from.height, to.height);
  const edges = edgesOf(from.width, to.width);
  const [even, odd] = [new Uint32Array(rows.each), new Uint32Array(rows.each)];
  const totals = new Int32Array(rows.each * WORD + 2);
  const small = new Uint8Array(to.width * to.height);
  for (let row = 0; row < to.height; row += 1) {
    even.fill(0);
    odd.fill(0);
    const { first, weights } = taps[row]!;
    for (let tap = 0; tap < weights.length; tap += 1) addRow(rows, first + tap, weights[tap]!, even, odd);
    addUp(even, odd, totals);
    meanAlong(totals, edges, small.subarray(row * to.width, (row + 1) * to.width));
  }
  return small;
};

const wordRows = (luma: Uint8Array, { width, height }: Size): Rows => {
  const each = Math.ceil(width / WORD);
  if (width % WORD === 0 && luma.byteOffset % WORD === 0)
    return { words: new Uint32Array(luma.buffer, luma.byteOffset, each * height), each };
  const bytes = new Uint8Array(each * WORD * height);
  for (let row = 0; row < height; row += 1) bytes.set(luma.subarray(row * width, (row + 1) * width), row * each * WORD);
  return { words: new Uint32Array(bytes.buffer), each };
};

const addRow = ({ words, each }: Rows, row: number, weight: number, even: Uint32Array, odd: Uint32Array): void => {
  const start = row * each;
  for (let at = 0; at < each; at += 1) {
    const four = words[start + at]!;
    even[at] = (even[at]! + Math.imul(four & EVEN, weight)) | 0;
    odd[at] = (odd[at]! + Math.imul((four >>> 8) & EVEN, weight)) | 0;
  }
};

/** The sum of everything left of each pixel: a stretch of the row is then one difference, however long it is. */
const addUp = (even: Uint32Array, odd: Uint32Array, totals: Int32Array): void => {
  let total = 0;
  for (let at = 0; at < even.length; at += 1) {
    const first = even[at]!;
    const second = odd[at]!;
    const left = at * WORD;
    total = (total + (first & 0xffff)) | 0;
    totals[left + 1] = total;
    total = (total + (second & 0xffff)) | 0;
    totals[left + 2] = total;
    total = (total + (first >>> 16)) | 0;
    totals[left + 3] = total;
    total = (total + (second >>> 16)) | 0;
    totals[left + 4] = total;
  }
};

/** Where the stretches end: whole pixels and the part of the next one. */
type Edges = { whole: Int32Array; part: Float64Array; share: number };

const edgesOf = (from: number, to: number): Edges => {
  const ends = Array.from({ length: to }, (_, at) => ((at + 1) * from) / to);
  const whole = Int32Array.from(ends, Math.floor);
  return { whole, part: Float64Array.from(ends, (end, at) => end - whole[at]!), share: to / from / ONE };
};

const meanAlong = (totals: Int32Array, { whole, part, share }: Edges, line: Uint8Array): void => {
  let before = 0;
  for (let x = 0; x < line.length; x += 1) {
    const at = whole[x]!;
    const low = totals[at]!;
    const end = low + part[x]! * (totals[at + 1]! - low);
    line[x] = (end - before) * share + 0.5;
    before = end;
  }
};

const tapsOf = (from: number, to: number): Taps[] =>
  Array.from({ length: to }, (_, at) => {
    const [low, high] = [(at * from) / to, Math.min(((at + 1) * from) / to, from)];
    const first = Math.floor(low);
    const shares: number[] = [];
    for (let row = first; row < high; row += 1)
      shares.push((Math.min(row + 1, high) - Math.max(row, low)) / (high - low));
    const weights = shares.map((share) => Math.round(share * ONE));
    // What rounding took away would darken the picture.
    const widest = shares.indexOf(Math.max(...shares));
    weights[widest]! += ONE - weights.reduce((sum, weight) => sum + weight, 0);
    return { first, weights };
  });

/** Small pictures only: between the four nearest pixels. */
const enlarge = (luma: Uint8Array, from: Size, to: Size): Uint8Array => {
  const large = new Uint8Array(to.width * to.height);
  const [rows, columns] = [betweenOf(from.height, to.height), betweenOf(from.width, to.width)];
  for (let y = 0; y < to.height; y += 1) {
    const [top, below] = [rows[y]!.low * from.width, rows[y]!.high * from.width];
    for (let x = 0; x < to.width; x += 1) {
      const { low, high, part } = columns[x]!;
      const upper = luma[top + low]! + part * (luma[top + high]! - luma[top + low]!);
      const lower = luma[below + low]! + part * (luma[below + high]! - luma[below + low]!);
      large[y * to.width + x] = upper + rows[y]!.part * (lower - upper) + 0.5;
    }
  }
  return large;
};

const betweenOf = (from: number, to: number): { low: number; high: number; part: number }[] =>
  Array.from({ length: to }, (_, at) => {
    const middle = Math.min(Math.max(((at + 0.5) * from) / to - 0.5, 0), from - 1);
    const low = Math.floor(middle);
    return { low, high: Math.min(low + 1, from - 1), part: middle - low };
  });
