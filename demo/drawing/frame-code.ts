/**
 * The number of a picture, drawn into it so that a program reads it back from pixels: after H.264 at a low rate, scaled by a
 * browser, in a screenshot. Two rows of black and white cells in the upper right corner; no import, so that it also runs in
 * a page.
 */

/** All in the units of the drawing, 848 × 480; scaled with the picture. */
export const DRAWING = { width: 848, height: 480 } as const;
const CELL = 10;
const COLUMNS = 16;
const ROWS = 2;
const MARGIN = 8;
const QUIET = 4;
export const FRAME_CODE = {
  left: DRAWING.width - MARGIN - QUIET - COLUMNS * CELL,
  top: MARGIN + QUIET,
  width: COLUMNS * CELL,
  height: ROWS * CELL,
  quiet: QUIET,
} as const;

const [FRAME_BITS, CAMERA_BITS, CHECK_BITS] = [12, 4, 12] as const;
/** How much brighter white must be than black, of 255, for a code to be one. */
const LEAST_CONTRAST = 60;

export type FrameCode = { camera: number; frame: number };

/** One row after the other; `true` is white. First and last two cells are fixed and say what white and black are. */
export const cellsOf = ({ camera, frame }: FrameCode): boolean[] => {
  if (frame < 0 || frame >= 2 ** FRAME_BITS || camera < 0 || camera >= 2 ** CAMERA_BITS) {
    throw new RangeError(`No frame code for camera ${camera}, frame ${frame}`);
  }
  const value = frame * 2 ** CAMERA_BITS + camera;
  return [true, false, ...bitsOf(value, FRAME_BITS + CAMERA_BITS), ...bitsOf(checkOf(value), CHECK_BITS), false, true];
};

const bitsOf = (value: number, count: number): boolean[] =>
  Array.from({ length: count }, (_, index) => ((value >> (count - 1 - index)) & 1) === 1);

/** Multiplicative, folded to 12 bits: neighbouring numbers differ in about half of the cells. */
const checkOf = (value: number): number => {
  const mixed = Math.imul(value + 0x5bd1, 0x9e3779b1) >>> 0;
  return (mixed ^ (mixed >>> 12)) & (2 ** CHECK_BITS - 1);
};

/** Draws on a luma plane of any scale of the drawing: a black frame around it, cells of 16 and 235. */
export const drawFrameCode = (code: FrameCode, luma: Uint8Array, width: number): void => {
  const scale = width / DRAWING.width;
  const fill = (x: number, y: number, w: number, h: number, value: number): void => {
    const [from, to] = [Math.round(x * scale), Math.round((x + w) * scale)];
    for (let row = Math.round(y * scale); row < Math.round((y + h) * scale); row += 1) {
      luma.fill(value, row * width + from, row * width + to);
    }
  };
  const { left, top, quiet } = FRAME_CODE;
  fill(left - quiet, top - quiet, FRAME_CODE.width + 2 * quiet, FRAME_CODE.height + 2 * quiet, 16);
  for (const [index, white] of cellsOf(code).entries()) {
    if (white) fill(left + (index % COLUMNS) * CELL, top + Math.floor(index / COLUMNS) * CELL, CELL, CELL, 235);
  }
};

/** `data`: 1 byte (luma) or 4 bytes (RGBA, e.g. ImageData) a pixel, of the whole picture and nothing around it. */
export type Pixels = { data: ArrayLike<number>; width: number; height: number };

/** `null`: there is none, or it cannot be read for certain. */
export const readFrameCode = (pixels: Pixels): FrameCode | null => {
  const levels = Array.from({ length: COLUMNS * ROWS }, (_, index) => levelOf(pixels, index));
  const known = { white: [0, COLUMNS * ROWS - 1], black: [1, COLUMNS * ROWS - 2] };
  const mean = (cells: number[]): number => cells.reduce((sum, cell) => sum + (levels[cell] ?? 0), 0) / cells.length;
  const [white, black] = [mean(known.white), mean(known.black)];
  if (white - black < LEAST_CONTRAST) return null;
  const bits = levels.slice(2, -2).map((level) => level > (white + black) / 2);
  const value = numberOf(bits.slice(0, FRAME_BITS + CAMERA_BITS));
  if (numberOf(bits.slice(FRAME_BITS + CAMERA_BITS)) !== checkOf(value)) return null;
  return { frame: Math.floor(value / 2 ** CAMERA_BITS), camera: value % 2 ** CAMERA_BITS };
};

const numberOf = (bits: readonly boolean[]): number => bits.reduce((sum, bit) => sum * 2 + (bit ? 1 : 0), 0);

/** Mean brightness of the inner half of a cell: its edges are blurred. */
const levelOf = ({ data, width, height }: Pixels, index: number): number => {
  const channels = data.length / (width * height);
  const [across, down] = [width / DRAWING.width, height / DRAWING.height];
  const x = (FRAME_CODE.left + (index % COLUMNS) * CELL) * across;
  const y = (FRAME_CODE.top + Math.floor(index / COLUMNS) * CELL) * down;
  const range = (from: number, size: number): [number, number] => {
    const first = Math.floor(from + size * 0.25);
    return [first, Math.max(first + 1, Math.ceil(from + size * 0.75))];
  };
  const [left, right] = range(x, CELL * across);
  const [top, bottom] = range(y, CELL * down);
  let sum = 0;
  for (let row = top; row < bottom; row += 1) {
    for (let column = left; column < right; column += 1)
      sum += lumaAt(data, (row * width + column) * channels, channels);
  }
  return sum / ((right - left) * (bottom - top));
};

const lumaAt = (data: ArrayLike<number>, at: number, channels: number): number =>
  channels < 3 ? (data[at] ?? 0) : 0.299 * (data[at] ?? 0) + 0.587 * (data[at + 1] ?? 0) + 0.114 * (data[at + 2] ?? 0);
