/**
 * Reads a plate of our own drawing back from its picture, so that a test can say whether a stored picture shows the plate that
 * its row claims. Compares shapes with our own glyphs; on photographs it is worth nothing.
 */
import sharp from "sharp";
import { characters, writeLine } from "./glyphs.ts";

/** Dark on light, as found: pixels of one connected shape. */
type Shape = { left: number; top: number; right: number; bottom: number; pixels: number[] };
type Grey = { data: Uint8Array; width: number; height: number };
type Template = { character: string; cells: Float32Array; aspect: number };

const [COLUMNS, ROWS] = [12, 18];
/** Mean difference of a cell above which a shape is none of our glyphs. */
const FARTHEST_MATCH = 0.2;
const ASPECT_WEIGHT = 0.6;
const TEMPLATE_HEIGHT = 72;
const CHARACTERS_OF_A_PLATE = 7;

/** `null`: no seven glyphs in the rows of a plate can be told in this picture. */
export const readDrawnPlate = async (picture: Uint8Array): Promise<string | null> => {
  const grey = await greyOf(picture);
  const shapes = glyphShapes(grey);
  if (shapes.length !== CHARACTERS_OF_A_PLATE) return null;
  kept.templates ??= makeTemplates();
  const templates = await kept.templates;
  const read = inReadingOrder(shapes).map((shape, at) => nearest(describe(shape, grey.width), fitting(templates, at)));
  return read.every((character) => character !== null) ? read.join("") : null;
};

/** The same for every picture. */
const kept: { templates?: Promise<Template[]> } = {};

const greyOf = async (picture: Uint8Array | Buffer): Promise<Grey> => {
  const { data, info } = await sharp(picture)
    .flatten({ background: "#fff" })
    .greyscale()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
};

/** Letters and digits by the grammar of both layouts; the fifth may be either. */
const fitting = (templates: readonly Template[], at: number): Template[] =>
  templates.filter(({ character }) => at === 4 || /[A-Z]/.test(character) === at < 3);

const makeTemplates = (): Promise<Template[]> =>
  Promise.all(
    characters.map(async (character): Promise<Template> => {
      const glyph = writeLine(character, { x: 8, y: 8, height: TEMPLATE_HEIGHT, colour: "#000" });
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="80" height="88">${glyph}</svg>`;
      const grey = await greyOf(Buffer.from(svg));
      const [shape] = shapesOf(grey, 128);
      if (!shape) throw new Error(`The glyph ${character} draws nothing`);
      return { character, ...describe(shape, grey.width) };
    }),
  );

const glyphShapes = (grey: Grey): Shape[] => {
  const tall = ({ top, bottom }: Shape): number => bottom - top + 1;
  const candidates = shapesOf(grey, thresholdOf(grey)).filter((shape) => {
    const inside = shape.left > 0 && shape.top > 0 && shape.right < grey.width - 1 && shape.bottom < grey.height - 1;
    const share = tall(shape) / grey.height;
    return inside && share > 0.14 && share < 0.45 && shape.right - shape.left < grey.width * 0.25;
  });
  const heights = candidates.map(tall).toSorted((a, b) => a - b);
  const usual = heights[heights.length >> 1] ?? 0;
  return candidates.filter((shape) => Math.abs(tall(shape) - usual) < usual * 0.15);
};

/** Half way between ink and paper in the middle of the picture. */
const thresholdOf = ({ data, width, height }: Grey): number => {
  const middle: number[] = [];
  for (let row = height >> 2; row < height - (height >> 2); row += 2) {
    for (let column = width >> 2; column < width - (width >> 2); column += 2)
      middle.push(data[row * width + column] ?? 0);
  }
  middle.sort((a, b) => a - b);
  return ((middle[Math.floor(middle.length * 0.05)] ?? 0) + (middle[Math.floor(middle.length * 0.9)] ?? 255)) / 2;
};

const shapesOf = ({ data, width, height }: Grey, threshold: number): Shape[] => {
  const seen = new Uint8Array(width * height);
  const isDark = (at: number): boolean => seen[at] === 0 && (data[at] ?? 255) < threshold;
  const shapes: Shape[] = [];
  for (let start = 0; start < data.length; start += 1) {
    if (!isDark(start)) continue;
    const shape: Shape = { left: width, top: height, right: 0, bottom: 0, pixels: [] };
    const waiting = [start];
    seen[start] = 1;
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      const [column, row] = [at % width, Math.floor(at / width)];
      shape.pixels.push(at);
      shape.left = Math.min(shape.left, column);
      shape.right = Math.max(shape.right, column);
      shape.top = Math.min(shape.top, row);
      shape.bottom = Math.max(shape.bottom, row);
      const around = [
        row > 0 ? at - width : at,
        row < height - 1 ? at + width : at,
        column > 0 ? at - 1 : at,
        column < width - 1 ? at + 1 : at,
      ];
      for (const next of around) {
        if (!isDark(next)) continue;
        seen[next] = 1;
        waiting.push(next);
      }
    }
    shapes.push(shape);
  }
  return shapes;
};

/** One row, or three above four. */
const inReadingOrder = (shapes: readonly Shape[]): Shape[] => {
  const rows = shapes.toSorted((a, b) => a.top - b.top);
  const [first, last] = [rows[0], rows.at(-1)];
  const isOneRow = first !== undefined && last !== undefined && last.top < first.bottom;
  const byColumn = (row: Shape[]): Shape[] => row.toSorted((a, b) => a.left - b.left);
  return isOneRow ? byColumn(rows) : [...byColumn(rows.slice(0, 3)), ...byColumn(rows.slice(3))];
};

/** How dark each cell of a grid over the shape is, and how wide the shape is for its height. */
const describe = (shape: Shape, width: number): Omit<Template, "character"> => {
  const cells = new Float32Array(COLUMNS * ROWS);
  const [across, down] = [shape.right - shape.left + 1, shape.bottom - shape.top + 1];
  const area = (across / COLUMNS) * (down / ROWS);
  for (const at of shape.pixels) {
    const column = Math.floor((((at % width) - shape.left) * COLUMNS) / across);
    const row = Math.floor(((Math.floor(at / width) - shape.top) * ROWS) / down);
    cells[row * COLUMNS + column] = (cells[row * COLUMNS + column] ?? 0) + 1 / area;
  }
  return { cells, aspect: across / down };
};

const nearest = (shape: Omit<Template, "character">, templates: readonly Template[]): string | null => {
  let best: { character: string; distance: number } | null = null;
  for (const template of templates) {
    const difference = template.cells.reduce((sum, cell, at) => sum + Math.abs(cell - (shape.cells[at] ?? 0)), 0);
    const distance = difference / template.cells.length + Math.abs(template.aspect - shape.aspect) * ASPECT_WEIGHT;
    if (!best || distance < best.distance) best = { character: template.character, distance };
  }
  return best && best.distance < FARTHEST_MATCH ? best.character : null;
};
