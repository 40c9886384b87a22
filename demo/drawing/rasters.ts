/** SVG to pixels: the only file of the drawing that needs a library. */
import sharp from "sharp";
import { drawBackground } from "./background.ts";
import { DRAWING, FRAME_CODE } from "./frame-code.ts";
import { GLYPH, writeLine } from "./glyphs.ts";
import { lights, type Light } from "./lights.ts";
import { fromRgb, toRgb, type Planes } from "./planes.ts";
import { spriteOf, type Sprite } from "./sprites.ts";
import type { Street } from "./streets.ts";
import type { Box, Vehicle } from "./vehicle-shapes.ts";

const svg = (box: Box, width: number, height: number, content: string): Buffer =>
  Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="${box.left} ${box.top} ${box.width} ${box.height}" preserveAspectRatio="none">${content}</svg>`,
  );

type Raster = { data: Uint8Array; width: number; height: number };

const rasterOf = async (image: Buffer): Promise<Raster> => {
  const { data, info } = await sharp(image).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
};

/** With a black field where frame code and number come. */
export const rasterBackground = async (street: Street, seed: string, scale: number): Promise<Planes> => {
  const [width, height] = [DRAWING.width * scale, DRAWING.height * scale];
  const { left, top, quiet } = FRAME_CODE;
  const field = `<rect x="${left - quiet - NUMBER_FIELD}" y="${top - quiet}" width="${NUMBER_FIELD + FRAME_CODE.width + 2 * quiet}" height="${FRAME_CODE.height + 2 * quiet}" fill="#000"/>`;
  const image = svg({ left: 0, top: 0, ...DRAWING }, width, height, drawBackground(street, seed) + field);
  return fromRgb(await sharp(image).removeAlpha().raw().toBuffer(), width, height);
};

/** Width of the field with the number in digits, left of the code. */
export const NUMBER_FIELD = 62;
const PIXELS_PER_CENTIMETRE = 1.9;

/** What daylight shows gets the light of the street; what shines keeps its own. */
const litRaster = async (vehicle: Vehicle, box: Box, width: number, light: Light): Promise<Raster> => {
  const height = Math.round((width * box.height) / box.width);
  const body = await rasterOf(svg(box, width, height, vehicle.body));
  const [red, green, blue] = light.ambient;
  for (let at = 0; at < body.data.length; at += 4) {
    body.data[at] = (body.data[at] ?? 0) * red;
    body.data[at + 1] = (body.data[at + 1] ?? 0) * green;
    body.data[at + 2] = (body.data[at + 2] ?? 0) * blue;
  }
  if (!light.lamps) return body;
  const raw = { width, height, channels: 4 as const };
  const lit = await sharp(Buffer.from(body.data), { raw })
    .composite([{ input: svg(box, width, height, vehicle.lit) }])
    .raw()
    .toBuffer();
  return { data: lit, width, height };
};

export const rasterVehicle = async (vehicle: Vehicle, street: Street): Promise<Sprite> => {
  const width = Math.round(vehicle.box.width * PIXELS_PER_CENTIMETRE);
  const { data, height } = await litRaster(vehicle, vehicle.box, width, lights[street.light]);
  return spriteOf(data, width, height);
};

/** A round glow of one colour, opaque in its middle. */
export const rasterGlow = async (tone: string): Promise<Sprite> => {
  const stops = [
    [0, 1],
    [0.12, 0.75],
    [0.35, 0.28],
    [1, 0],
  ].map(([offset, opacity]) => `<stop offset="${offset}" stop-color="${tone}" stop-opacity="${opacity}"/>`);
  const content = `<defs><radialGradient id="g">${stops.join("")}</radialGradient></defs><rect width="64" height="64" fill="url(#g)"/>`;
  const { data, width, height } = await rasterOf(svg({ left: 0, top: 0, width: 64, height: 64 }, 64, 64, content));
  return spriteOf(data, width, height);
};

const DIGIT_HEIGHT = 48;
export const rasterDigits = async (): Promise<Sprite[]> => {
  const height = DIGIT_HEIGHT;
  const width = Math.round((height * (GLYPH.width + GLYPH.stroke)) / (GLYPH.height + GLYPH.stroke));
  return Promise.all(
    Array.from("0123456789").map(async (digit) => {
      const content = writeLine(digit, { x: 0, y: 0, height, colour: "#fff" });
      const raster = await rasterOf(svg({ left: 0, top: 0, width, height }, width, height, content));
      return spriteOf(raster.data, raster.width, raster.height);
    }),
  );
};

export const toJpeg = async (planes: Planes, quality: number): Promise<Buffer> =>
  sharp(toRgb(planes), { raw: { width: planes.width, height: planes.height, channels: 3 } })
    .jpeg({ quality })
    .toBuffer();

/** Centimetres around the plate, and pixels across. */
const PLATE_PICTURE = { margin: 9, width: 480 } as const;

/** The plate on its vehicle in the light of its street, as a plate camera cuts it out. */
export const rasterPlate = async (vehicle: Vehicle, street: Street): Promise<Buffer> => {
  const { margin, width } = PLATE_PICTURE;
  const { left, top, ...size } = vehicle.plateBox;
  const box = {
    left: left - margin,
    top: top - margin,
    width: size.width + 2 * margin,
    height: size.height + 2 * margin,
  };
  const raster = await litRaster(vehicle, box, width, lights[street.light]);
  const raw = { width: raster.width, height: raster.height, channels: 4 as const };
  return sharp(Buffer.from(raster.data), { raw })
    .flatten({ background: "#15171a" })
    .blur(0.8)
    .jpeg({ quality: 82 })
    .toBuffer();
};
