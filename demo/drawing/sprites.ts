/* oxlint-disable typescript/no-non-null-assertion -- a check per pixel would double the time, and the loops know their bounds */
/** Things that move: drawn once, then laid on pictures at any size, hundreds of times a second. */
import { blueOf, lumaOf, redOf, type Planes } from "./planes.ts";

/** Of one size. Colours are multiplied with their opacity, so that they can be blended and averaged as they are. */
type Level = { width: number; height: number; y: Uint8Array; u: Uint8Array; v: Uint8Array; a: Uint8Array };

/** The same thing in halved sizes, largest first. */
export type Sprite = { levels: readonly Level[] };

/** `pixels`: RGBA, not multiplied. */
export const spriteOf = (pixels: Uint8Array, width: number, height: number): Sprite => {
  const largest = emptyLevel(width, height);
  for (let at = 0; at < width * height; at += 1) {
    const a = pixels[at * 4 + 3]!;
    if (a === 0) continue;
    const [r, g, b] = [pixels[at * 4]!, pixels[at * 4 + 1]!, pixels[at * 4 + 2]!];
    largest.y[at] = (lumaOf(r, g, b) * a) / 255 + 0.5;
    largest.u[at] = (blueOf(r, g, b) * a) / 255 + 0.5;
    largest.v[at] = (redOf(r, g, b) * a) / 255 + 0.5;
    largest.a[at] = a;
  }
  const levels = [largest];
  for (let last = largest; last.width > 12 && last.height > 12;) {
    last = halved(last);
    levels.push(last);
  }
  return { levels };
};

const emptyLevel = (width: number, height: number): Level => {
  const plane = (): Uint8Array => new Uint8Array(width * height);
  return { width, height, y: plane(), u: plane(), v: plane(), a: plane() };
};

const halved = (from: Level): Level => {
  const level = emptyLevel(from.width >> 1, from.height >> 1);
  for (const plane of ["y", "u", "v", "a"] as const) {
    const [source, target] = [from[plane], level[plane]];
    for (let row = 0; row < level.height; row += 1) {
      for (let column = 0; column < level.width; column += 1) {
        const at = row * 2 * from.width + column * 2;
        const below = at + from.width;
        target[row * level.width + column] =
          (source[at]! + source[at + 1]! + source[below]! + source[below + 1]! + 2) >> 2;
      }
    }
  }
  return level;
};

export type Place = {
  left: number;
  top: number;
  width: number;
  height: number;
  /** 0 to 1. */
  opacity?: number;
  /** Share of the haze, and its colour as Y, Cb, Cr. */
  haze?: { share: number; colour: readonly [number, number, number] };
};

export const lay = (planes: Planes, sprite: Sprite, place: Place): void => {
  if (place.width < 1 || place.height < 1) return;
  const level = sprite.levels.findLast(({ width }) => width >= place.width) ?? sprite.levels[0];
  if (!level) return;
  const blend = blendOf(place);
  layPlane(planes.y, planes.width, planes.height, level.y, level, place, blend[0]);
  const half = { left: place.left / 2, top: place.top / 2, width: place.width / 2, height: place.height / 2 };
  const [width, height] = [planes.width / 2, planes.height / 2];
  // A step of two pixels: the next smaller level would be blurred where plates need edges, and colour needs none.
  layPlane(planes.u, width, height, level.u, level, half, blend[1]);
  layPlane(planes.v, width, height, level.v, level, half, blend[2]);
};

/** In whole numbers, which is twice as fast: own and haze are of 256, cover of 65 536. */
type Blend = { own: number; haze: number; cover: number };

const blendOf = ({ opacity = 1, haze }: Place): [Blend, Blend, Blend] => {
  const share = haze?.share ?? 0;
  const one = (colour: number): Blend => ({
    own: Math.round(256 * opacity * (1 - share)),
    haze: Math.round((share * opacity * colour * 256) / 255),
    cover: Math.round((opacity * 65_536) / 255),
  });
  return [one(haze?.colour[0] ?? 0), one(haze?.colour[1] ?? 0), one(haze?.colour[2] ?? 0)];
};

const layPlane = (
  target: Uint8Array,
  targetWidth: number,
  targetHeight: number,
  source: Uint8Array,
  level: Level,
  { left, top, width, height }: Pick<Place, "left" | "top" | "width" | "height">,
  { own, haze, cover }: Blend,
): void => {
  const [firstRow, lastRow] = [Math.max(0, Math.ceil(top)), Math.min(targetHeight, Math.floor(top + height))];
  const [firstColumn, lastColumn] = [Math.max(0, Math.ceil(left)), Math.min(targetWidth, Math.floor(left + width))];
  const [stepX, stepY] = [level.width / width, level.height / height];
  const opacities = level.a;
  const [right, bottom] = [level.width - 2, level.height - 2];
  for (let row = firstRow; row < lastRow; row += 1) {
    const sy = Math.min(Math.max((row + 0.5 - top) * stepY - 0.5, 0), bottom + 0.996);
    const y0 = sy | 0;
    const fy = ((sy - y0) * 256) | 0;
    const line = y0 * level.width;
    for (let column = firstColumn; column < lastColumn; column += 1) {
      const sx = Math.min(Math.max((column + 0.5 - left) * stepX - 0.5, 0), right + 0.996);
      const x0 = sx | 0;
      const at = line + x0;
      const below = at + level.width;
      const fx = ((sx - x0) * 256) | 0;
      const w11 = (fx * fy) >> 8;
      const w10 = fx - w11;
      const w01 = fy - w11;
      const w00 = 256 - fx - w01;
      const a =
        (opacities[at]! * w00 + opacities[at + 1]! * w10 + opacities[below]! * w01 + opacities[below + 1]! * w11) >> 8;
      if (a === 0) continue;
      const colour = (source[at]! * w00 + source[at + 1]! * w10 + source[below]! * w01 + source[below + 1]! * w11) >> 8;
      const to = row * targetWidth + column;
      const before = target[to]!;
      target[to] = before + ((colour * own + a * (haze - ((before * cover) >> 8)) + 128) >> 8);
    }
  }
};
