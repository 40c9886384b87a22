/* oxlint-disable typescript/no-non-null-assertion -- a check per pixel would double the time, and the loops know their bounds */
/** A picture made smaller for the detector: each pixel the mean of what it covers, as the networks saw it in training. */

export type Size = { width: number; height: number };

export const scaleLuma = (luma: Uint8Array, from: Size, to: Size): Uint8Array =>
  from.width < to.width || from.height < to.height ? enlarge(luma, from, to) : shrink(luma, from, to);

/** A pixel's shares of its rows are parts of 2^8, so that two pixels are summed in one word: 3 times as fast as one by one. */
const ONE = 256;
const EVEN = 0x00ff00ff;
const WORD = 4;
/** Rows that are summed in one go: sums that are written and read again for each row cost half as much again. */
const ROWS = 4;

/** Rows begin at whole words; `each`: words of a row. */
type Rows = { words: Int32Array; each: number };
/** Of one row of the large picture, 2^8 times each pixel: the even ones two in a word, and so the odd ones. */
type Sums = { even: Int32Array; odd: Int32Array };
/** Along a finished row of sums. */
type Finish = (sums: Sums, line: Uint8Array) => void;

const shrink = (luma: Uint8Array, from: Size, to: Size): Uint8Array => {
  const rows = wordRows(luma, from);
  const sums: Sums = { even: new Int32Array(rows.each), odd: new Int32Array(rows.each) };
  const finish = from.width === 2 * to.width && from.width % WORD === 0 ? meanOfPairs : meanAlong(from.width, to.width);
  const small = new Uint8Array(to.width * to.height);
  for (let row = 0; row < to.height; row += 1) {
    sums.even.fill(0);
    sums.odd.fill(0);
    const { first, weights } = tapsOf(row, from.height, to.height);
    for (let tap = 0; tap < weights.length; tap += ROWS)
      addRows(rows, first + tap, weights.slice(tap, tap + ROWS), sums);
    finish(sums, small.subarray(row * to.width, (row + 1) * to.width));
  }
  return small;
};

const wordRows = (luma: Uint8Array, { width, height }: Size): Rows => {
  const each = Math.ceil(width / WORD);
  if (width % WORD === 0 && luma.byteOffset % WORD === 0)
    return { words: new Int32Array(luma.buffer, luma.byteOffset, each * height), each };
  const bytes = new Uint8Array(each * WORD * height);
  for (let row = 0; row < height; row += 1) bytes.set(luma.subarray(row * width, (row + 1) * width), row * each * WORD);
  return { words: new Int32Array(bytes.buffer), each };
};

/** Where fewer are left the last ones weigh nothing. */
const addRows = ({ words, each }: Rows, row: number, weights: readonly number[], { even, odd }: Sums): void => {
  const one = row * each;
  const two = weights.length > 1 ? one + each : one;
  const three = weights.length > 2 ? two + each : one;
  const four = weights.length > 3 ? three + each : one;
  const [first = 0, second = 0, third = 0, fourth = 0] = weights;
  for (let at = 0; at < each; at += 1) {
    const a = words[one + at]!;
    const b = words[two + at]!;
    const c = words[three + at]!;
    const d = words[four + at]!;
    const above = Math.imul(a & EVEN, first) + Math.imul(b & EVEN, second);
    even[at] = (even[at]! + above + Math.imul(c & EVEN, third) + Math.imul(d & EVEN, fourth)) | 0;
    const beside = Math.imul((a >>> 8) & EVEN, first) + Math.imul((b >>> 8) & EVEN, second);
    odd[at] = (odd[at]! + beside + Math.imul((c >>> 8) & EVEN, third) + Math.imul((d >>> 8) & EVEN, fourth)) | 0;
  }
};

/** A picture twice as wide, as 1920 pixels are of 960. */
const meanOfPairs: Finish = ({ even, odd }, line) => {
  for (let at = 0; at < even.length; at += 1) {
    const first = even[at]!;
    const second = odd[at]!;
    line[at * 2] = ((first & 0xffff) + (second & 0xffff) + ONE) >>> 9;
    line[at * 2 + 1] = ((first >>> 16) + (second >>> 16) + ONE) >>> 9;
  }
};

/** By the sum of everything left of each pixel: a stretch of the row is then one difference, however long it is. */
const meanAlong = (from: number, to: number): Finish => {
  const totals = new Int32Array(Math.ceil(from / WORD) * WORD + 2);
  // Where the stretches end: whole pixels and the part of the next one.
  const whole = new Int32Array(to);
  const part = new Float64Array(to);
  for (let at = 0; at < to; at += 1) {
    const end = ((at + 1) * from) / to;
    whole[at] = Math.floor(end);
    part[at] = end - Math.floor(end);
  }
  const share = to / from / ONE;
  return (sums, line) => {
    addUp(sums, totals);
    let before = 0;
    for (let x = 0; x < line.length; x += 1) {
      const at = whole[x]!;
      const low = totals[at]!;
      const end = low + part[x]! * (totals[at + 1]! - low);
      line[x] = (end - before) * share + 0.5;
      before = end;
    }
  };
};

const addUp = ({ even, odd }: Sums, totals: Int32Array): void => {
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

/** Of one row of the small picture: the rows that it covers, and what each is worth. */
const tapsOf = (at: number, from: number, to: number): { first: number; weights: number[] } => {
  const low = (at * from) / to;
  const high = Math.min(((at + 1) * from) / to, from);
  const first = Math.floor(low);
  const weights: number[] = [];
  let [given, widest] = [0, 0];
  for (let row = first; row < high; row += 1) {
    const weight = Math.round((ONE * (Math.min(row + 1, high) - Math.max(row, low))) / (high - low));
    if (weight > (weights[widest] ?? 0)) widest = weights.length;
    given += weight;
    weights.push(weight);
  }
  // What rounding took away would darken the picture.
  weights[widest]! += ONE - given;
  return { first, weights };
};

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
