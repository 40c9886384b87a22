/** Letters and digits of our own, as strokes, so that no font of the machine decides what a plate looks like. */

/** Each stands in a box of 8 × 14, measured along the middle of its strokes. */
const strokes: Readonly<Record<string, string>> = {
  A: "M0 14L4 0L8 14M1.5 9.4H6.5",
  B: "M0 6.7H4.4A3.35 3.35 0 0 0 4.4 0H0V14H4.35A3.65 3.65 0 0 0 4.35 6.7",
  C: "M8 3.8A4 4 0 0 0 0 4V10A4 4 0 0 0 8 10.2",
  D: "M0 0H3.2A4.8 4.8 0 0 1 8 4.8V9.2A4.8 4.8 0 0 1 3.2 14H0Z",
  E: "M8 0H0V14H8M0 6.8H6.6",
  F: "M8 0H0V14M0 6.8H6.6",
  G: "M8 3.6A4 4 0 0 0 0 4V10A4 4 0 0 0 8 10V7.4H4.4",
  H: "M0 0V14M8 0V14M0 6.8H8",
  I: "M1.2 0H6.8M4 0V14M1.2 14H6.8",
  J: "M2.6 0H7.4V10A3.6 3.6 0 0 1 .2 10.6",
  K: "M0 0V14M8 0L0 8.4M2.7 5.6L8 14",
  L: "M.4 0V14H8",
  M: "M0 14V0L4 8.4L8 0V14",
  N: "M0 14V0L8 14V0",
  O: "M4 0A4 4 0 0 1 8 4V10A4 4 0 0 1 0 10V4A4 4 0 0 1 4 0Z",
  P: "M0 14V0H4.2A3.8 3.8 0 0 1 4.2 7.6H0",
  Q: "M4 0A4 4 0 0 1 8 4V10A4 4 0 0 1 0 10V4A4 4 0 0 1 4 0ZM4.4 9.4L8.4 14.4",
  R: "M0 14V0H4.2A3.7 3.7 0 0 1 4.2 7.4H0M4 7.4L8 14",
  S: "M7.8 3.4C7 -1.2 .4 -1 .4 3.5C.4 8 7.9 6 7.9 10.4C7.9 15.2 .6 15.2 .1 10.6",
  T: "M0 0H8M4 0V14",
  U: "M0 0V10A4 4 0 0 0 8 10V0",
  V: "M0 0L4 14L8 0",
  W: "M0 0L1.9 14L4 4.6L6.1 14L8 0",
  X: "M0 0L8 14M8 0L0 14",
  Y: "M0 0L4 7L8 0M4 7V14",
  Z: "M0 0H8L0 14H8",
  "0": "M4 0A2.9 4.6 0 0 1 6.9 4.6V9.4A2.9 4.6 0 0 1 1.1 9.4V4.6A2.9 4.6 0 0 1 4 0Z",
  "1": "M1.4 3.4L5 0V14",
  "2": "M.3 3.8C.8 -1.2 7.8 -1.2 7.8 3.8C7.8 7.4 .2 9.6 .2 14H8",
  "3": "M.4 2.9C1 -1 7.5 -1 7.5 3.3C7.5 5.6 6 6.7 3.2 6.7C6.4 6.7 7.9 8.2 7.9 10.3C7.9 15.2 .6 15.2 .1 11",
  "4": "M6 14V0L0 9.8H8.4",
  "5": "M7.4 0H.9L.5 6.6C2.4 5 7.9 4.8 7.9 9.6C7.9 15.2 .9 15.2 .1 11.2",
  "6": "M7 .8C2.6 -1 0 3.6 0 9.6A4 4.4 0 1 0 .3 8",
  "7": "M0 0H8L3 14",
  "8": "M4 6.6A3.4 3.3 0 1 1 4.02 6.6A4 3.7 0 1 1 3.98 6.6Z",
  "9": "M1 13.2C5.4 15 8 10.4 8 4.4A4 4.4 0 1 0 7.7 6",
  "-": "M1.4 7H6.6",
  ".": "M3.4 13.4H4.6",
};

export const characters = Object.keys(strokes).filter((character) => /[A-Z0-9]/.test(character));

export const GLYPH = { width: 8, height: 14, stroke: 2.3 } as const;

export type Line = {
  x: number;
  /** Top of the letters, stroke included. */
  y: number;
  /** Of the letters, stroke included. */
  height: number;
  /** From one letter to the next, in letters; 1.32 is normal. */
  pitch?: number;
  colour: string;
  /** Of the stroke, in units of the box. */
  weight?: number;
};

const PITCH = 1.32;
const advance = (height: number, weight: number, pitch: number): number =>
  (height / (GLYPH.height + weight)) * (GLYPH.width + weight) * pitch;

/** How wide a text comes out, from the left edge of its first to the right edge of its last letter. */
export const widthOf = (
  text: string,
  { height, weight = GLYPH.stroke, pitch = PITCH }: Omit<Line, "x" | "y" | "colour">,
) => advance(height, weight, pitch) * (text.length - 1) + advance(height, weight, 1);

/** SVG of a line of text; what has no glyph is a blank. */
export const writeLine = (text: string, line: Line): string => {
  const weight = line.weight ?? GLYPH.stroke;
  const scale = line.height / (GLYPH.height + weight);
  const step = advance(line.height, weight, line.pitch ?? PITCH);
  const paths = Array.from(text).map((character, index) => {
    const path = strokes[character];
    if (!path) return "";
    const x = line.x + index * step + (weight / 2) * scale;
    const y = line.y + (weight / 2) * scale;
    return `<path d="${path}" transform="translate(${x.toFixed(2)} ${y.toFixed(2)}) scale(${scale.toFixed(4)})"/>`;
  });
  return `<g fill="none" stroke="${line.colour}" stroke-width="${weight}" stroke-linejoin="round">${paths.join("")}</g>`;
};
