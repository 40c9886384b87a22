/** Pictures with plates of our own drawing, for what reads plates from pictures. No plate of these series was ever handed out. */
import sharp from "sharp";
import { drawPlate, plateSize, type PlateLayout, type PlateRows } from "#demo/drawing/plates.ts";
import type { Picture } from "#lib/vision/picture.ts";

/** `x`, `y`: its upper left corner; all in pixels. */
export type DrawnPlate = {
  text: string;
  layout: PlateLayout;
  rows: PlateRows;
  x: number;
  y: number;
  width: number;
};

const [WIDTH, HEIGHT] = [1280, 720];

const scene = (text: string, layout: PlateLayout, rows: PlateRows, width: number): DrawnPlate => {
  return { text, layout, rows, width, x: 640 - width / 2, y: 400 };
};
export const plateScenes: readonly DrawnPlate[] = [
  scene("WAB1234", "old", 1, 180),
  scene("XKD5F67", "mercosul", 1, 180),
  scene("YQR8901", "old", 2, 110),
  scene("ZTV2C34", "mercosul", 2, 110),
  scene("WHN4710", "old", 1, 110),
  scene("YLC3E58", "mercosul", 1, 110),
];

/** The back of something like a car behind each. */
export const drawnSvg = (plates: readonly DrawnPlate[]): Buffer => {
  const backs = plates.map(({ text, layout, rows, x, y, width }) => {
    const scale = width / plateSize[rows].width;
    return `<rect x="${x - width * 0.6}" y="${y - width * 1.1}" width="${width * 2.2}" height="${width * 1.9}" rx="24" fill="#8a2b2b"/>
      <rect x="${x - width * 0.4}" y="${y - width}" width="${width * 1.8}" height="${width * 0.6}" rx="12" fill="#1b2733"/>
      <g transform="translate(${x} ${y}) scale(${scale})">${drawPlate(text, layout, rows)}</g>`;
  });
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}"><defs><linearGradient id="sky" x2="0" y2="1"><stop offset="0" stop-color="#9ab"/><stop offset="1" stop-color="#555"/></linearGradient></defs><rect width="${WIDTH}" height="${HEIGHT}" fill="url(#sky)"/>${backs.join("")}</svg>`,
  );
};

/** Slightly out of focus, as every lens is. */
export const drawnPng = (plates: readonly DrawnPlate[]): Promise<Buffer> =>
  sharp(drawnSvg(plates)).blur(0.6).removeAlpha().png().toBuffer();

export const drawnScene = async (plates: readonly DrawnPlate[]): Promise<Picture> => {
  const { data } = await sharp(await drawnPng(plates))
    .raw()
    .toBuffer({ resolveWithObject: true });
  const pixels = new Uint8Array(new SharedArrayBuffer(data.byteLength));
  pixels.set(data);
  const luma = new Uint8Array(new SharedArrayBuffer(WIDTH * HEIGHT));
  for (let at = 0; at < luma.length; at += 1) {
    const [red = 0, green = 0, blue = 0] = pixels.subarray(at * 3, at * 3 + 3);
    luma[at] = 0.299 * red + 0.587 * green + 0.114 * blue + 0.5;
  }
  return { width: WIDTH, height: HEIGHT, luma, colour: { form: "rgb", pixels } };
};
