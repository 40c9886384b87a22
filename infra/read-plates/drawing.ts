/** A picture with what was found in it: box, corners, text and the other readings. */
import { constants } from "node:fs";
import { access, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { widthOf, writeLine } from "#demo/drawing/glyphs.ts";
import { REVIEWED_BELOW } from "#lib/vision/certainty.ts";
import { jpegOf } from "#lib/vision/jpeg.ts";
import type { Picture } from "#lib/vision/picture.ts";
import type { Plate } from "./lines.ts";

const [CERTAIN, DOUBTFUL, BACK] = ["#27d07f", "#ffb020", "#101418"];

/** Of the letters: a share of the picture's width, so that they are read on any screen. */
const LETTERS = 1 / 60;

const ENDING = ".plates.jpg";

/** They are no pictures to be looked at when they lie among those that are. */
export const isDrawing = (file: string): boolean => file.endsWith(ENDING);

/** Throws one sentence for people when no drawing can be written there. */
export const makeFolder = async (folder: string): Promise<void> => {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const why = code === "EEXIST" || code === "ENOTDIR" ? "a file is in its place" : `it cannot be written (${code})`;
    throw new Error(`--draw takes a folder, not ${folder}: ${why}.`, { cause: error });
  }
};

export const drawPlates = async (folder: string, name: string, picture: Picture, plates: Plate[]): Promise<void> => {
  const file = join(folder, `${name}${ENDING}`);
  await mkdir(dirname(file), { recursive: true });
  const { width, height } = picture;
  const marks = plates.map((plate) => markOf(plate, width, height)).join("");
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${marks}</svg>`;
  const image = sharp(await jpegOf(picture, undefined, { quality: 95 }));
  await writeFile(
    file,
    await image
      .composite([{ input: Buffer.from(svg) }])
      .jpeg({ quality: 88 })
      .toBuffer(),
  );
};

/** Letters are our own strokes: no font of the machine is needed. */
const markOf = ({ text, confidence, alternatives, box, corners }: Plate, width: number, height: number): string => {
  const letters = Math.max(12, width * LETTERS);
  const colour = text !== null && confidence >= REVIEWED_BELOW ? CERTAIN : DOUBTFUL;
  const lines = [`${text ?? "-------"} ${confidence.toFixed(2)}`].concat(
    alternatives.filter((other) => other.text !== text).map((other) => `${other.text} ${other.confidence.toFixed(2)}`),
  );
  const sizes = lines.map((_, at) => (at === 0 ? letters : letters * 0.7));
  const step = (size: number): number => size * 1.4;
  const tall = sizes.reduce((sum, size) => sum + step(size), letters * 0.6);
  const wide = Math.max(...lines.map((line, at) => widthOf(line, { height: sizes[at] ?? letters }))) + letters;
  const below = box.y + box.height + letters * 0.4;
  const top = below + tall > height ? Math.max(0, box.y - tall - letters * 0.4) : below;
  const left = Math.max(0, Math.min(box.x, width - wide));
  let y = top + letters * 0.5;
  const written = lines.map((line, at) => {
    const size = sizes[at] ?? letters;
    const svg = writeLine(line, { x: left + letters / 2, y, height: size, colour: at === 0 ? colour : "#ffffff" });
    y += step(size);
    return svg;
  });
  const stroke = Math.max(1.5, width / 640);
  const points = corners.map(({ x, y: down }) => `${x + 0.5},${down + 0.5}`).join(" ");
  const first = corners[0] ?? { x: 0, y: 0 };
  return `<rect x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}" fill="none" stroke="${colour}" stroke-opacity="0.5" stroke-width="${stroke / 2}"/>
    <polygon points="${points}" fill="none" stroke="${colour}" stroke-width="${stroke}"/><circle cx="${first.x + 0.5}" cy="${first.y + 0.5}" r="${stroke * 2}" fill="${colour}"/>
    <rect x="${left}" y="${top}" width="${wide}" height="${tall}" rx="${letters * 0.3}" fill="${BACK}" fill-opacity="0.82"/>${written.join("")}`;
};
