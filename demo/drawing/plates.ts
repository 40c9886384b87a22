/** Brazilian plates, old (grey, LLLDDDD) and Mercosul (blue band, LLLDLDD), one row on cars, two on motorcycles. */
import type { Chance } from "#demo/random.ts";
import { widthOf, writeLine } from "./glyphs.ts";

export type PlateLayout = "old" | "mercosul";
export type PlateRows = 1 | 2;

/** Millimetres, as the plates of the street have it. */
export const plateSize = { 1: { width: 400, height: 130 }, 2: { width: 200, height: 170 } } as const;

/** Between letters and digits of an old plate. */
const GROUP_GAP = 21;

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/** Where no series has been handed out to any state: nobody's plate is drawn by chance. */
const FIRST_LETTERS = ["W", "X", "Y", "Z"] as const;

export const newPlate = (layout: PlateLayout, chance: Chance): string => {
  const letter = (): string => LETTERS.charAt(chance.whole(0, LETTERS.length - 1));
  const digit = (): string => String(chance.whole(0, 9));
  const head = `${chance.pick(FIRST_LETTERS)}${letter()}${letter()}${digit()}`;
  return `${head}${layout === "old" ? digit() : letter()}${digit()}${digit()}`;
};

/** SVG in millimetres, its upper left corner at 0, 0. */
export const drawPlate = (plate: string, layout: PlateLayout, rows: PlateRows): string => {
  const { width, height } = plateSize[rows];
  const mercosul = layout === "mercosul";
  const [paper, ink] = mercosul ? ["#f6f7f8", "#15171b"] : ["#b4b9bd", "#1b1d20"];
  const head = mercosul ? band(width) : town(width, ink);
  return `<rect x="1" y="1" width="${width - 2}" height="${height - 2}" rx="9" fill="${paper}" stroke="#2c2f34" stroke-width="3"/>
    ${head}${rows === 1 ? oneRow(plate, mercosul, ink) : twoRows(plate, ink)}`;
};

const band = (width: number): string => {
  const label = { height: 15, weight: 2.4 };
  const x = (width - widthOf("BRASIL", label)) / 2;
  const right = width - 4;
  return `<path d="M4 30V11Q4 4 11 4H${right - 7}Q${right} 4 ${right} 11V30Z" fill="#1a3fa8"/>
    ${writeLine("BRASIL", { ...label, x, y: 9.5, colour: "#ffffff" })}
    <rect x="${right - 25}" y="10" width="19" height="13" fill="#1f9d55"/><path d="M${right - 24} 16.500l8.500-5.500 8.500 5.500-8.500 5.500z" fill="#ffd93b"/><circle cx="${right - 15.5}" cy="16.500" r="2.700" fill="#1a3fa8"/>`;
};

const town = (width: number, ink: string): string => {
  const label = { height: 11, weight: 2 };
  const name = width > 300 ? "SP - VILA AURORA" : "VILA AURORA";
  return writeLine(name, { ...label, x: (width - widthOf(name, label)) / 2, y: 10, colour: ink });
};

const oneRow = (plate: string, mercosul: boolean, ink: string): string => {
  const line = { height: mercosul ? 76 : 74, pitch: 1.1 };
  const [top, bottom] = [mercosul ? 33 : 26, plateSize[1].height - 6];
  const y = (top + bottom - line.height) / 2;
  const groups = mercosul ? [plate] : [plate.slice(0, 3), plate.slice(3)];
  const widths = groups.map((group) => widthOf(group, line));
  let x = (plateSize[1].width - widths.reduce((sum, width) => sum + width, GROUP_GAP * (groups.length - 1))) / 2;
  return groups
    .map((group, index) => {
      const text = writeLine(group, { ...line, x, y, colour: ink });
      const dot =
        index === 0 ? "" : `<circle cx="${x - GROUP_GAP / 2}" cy="${y + line.height / 2}" r="4" fill="${ink}"/>`;
      x += (widths[index] ?? 0) + GROUP_GAP;
      return `${dot}${text}`;
    })
    .join("");
};

const twoRows = (plate: string, ink: string): string => {
  const line = { height: 58, pitch: 1.2 };
  return [plate.slice(0, 3), plate.slice(3)]
    .map((text, row) => {
      const x = (plateSize[2].width - widthOf(text, line)) / 2;
      return writeLine(text, { ...line, x, y: 36 + row * 66, colour: ink });
    })
    .join("");
};
