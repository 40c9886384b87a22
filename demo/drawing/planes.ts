/* oxlint-disable typescript/no-non-null-assertion -- a check per pixel would double the time, and the loops know their bounds */
/** Pictures as encoders want them: luma at full size, two colour planes at half (I420, BT.709, 16–235). */

export type Planes = { width: number; height: number; bytes: Uint8Array; y: Uint8Array; u: Uint8Array; v: Uint8Array };

/** Both sides must be even. */
export const planesOf = (width: number, height: number): Planes => {
  const [area, quarter] = [width * height, (width * height) / 4];
  const bytes = new Uint8Array(area + 2 * quarter);
  return {
    width,
    height,
    bytes,
    y: bytes.subarray(0, area),
    u: bytes.subarray(area, area + quarter),
    v: bytes.subarray(area + quarter),
  };
};

export const lumaOf = (r: number, g: number, b: number): number =>
  16 + (0.2126 * r + 0.7152 * g + 0.0722 * b) * (219 / 255);
export const blueOf = (r: number, g: number, b: number): number =>
  128 + (-0.1146 * r - 0.3854 * g + 0.5 * b) * (224 / 255);
export const redOf = (r: number, g: number, b: number): number =>
  128 + (0.5 * r - 0.4542 * g - 0.0458 * b) * (224 / 255);

/** `pixels`: three bytes each. */
export const fromRgb = (pixels: Uint8Array, width: number, height: number): Planes => {
  const planes = planesOf(width, height);
  const half = width / 2;
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const at = row * width + column;
      planes.y[at] = lumaOf(pixels[at * 3]!, pixels[at * 3 + 1]!, pixels[at * 3 + 2]!) + 0.5;
    }
  }
  const mean = (at: number): number =>
    (pixels[at]! + pixels[at + 3]! + pixels[at + width * 3]! + pixels[at + width * 3 + 3]!) / 4;
  for (let row = 0; row < height / 2; row += 1) {
    for (let column = 0; column < half; column += 1) {
      const first = (row * 2 * width + column * 2) * 3;
      const [r, g, b] = [mean(first), mean(first + 1), mean(first + 2)];
      planes.u[row * half + column] = blueOf(r, g, b) + 0.5;
      planes.v[row * half + column] = redOf(r, g, b) + 0.5;
    }
  }
  return planes;
};

export const toRgb = ({ width, height, y, u, v }: Planes): Uint8Array => {
  const pixels = new Uint8ClampedArray(width * height * 3);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const at = row * width + column;
      const half = (row >> 1) * (width >> 1) + (column >> 1);
      const light = (y[at]! - 16) * (255 / 219);
      const blue = (u[half]! - 128) * (255 / 224);
      const red = (v[half]! - 128) * (255 / 224);
      pixels[at * 3] = light + 1.5748 * red;
      pixels[at * 3 + 1] = light - 0.1873 * blue - 0.4681 * red;
      pixels[at * 3 + 2] = light + 1.8556 * blue;
    }
  }
  return new Uint8Array(pixels.buffer);
};
