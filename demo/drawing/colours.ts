/** Colours as three numbers of 0 to 255, and how light changes them. */

export type Colour = readonly [red: number, green: number, blue: number];

export const WHITE: Colour = [255, 255, 255];
export const BLACK: Colour = [0, 0, 0];

export const colour = (hex: string): Colour => {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 0xff, value & 0xff];
};

const clamped = (value: number): number => Math.min(255, Math.max(0, Math.round(value)));
export const hex = (given: Colour): string =>
  `#${given.map((part) => clamped(part).toString(16).padStart(2, "0")).join("")}`;

/** `share` of the second. */
export const mix = (first: Colour, second: Colour, share: number): Colour => [
  first[0] + (second[0] - first[0]) * share,
  first[1] + (second[1] - first[1]) * share,
  first[2] + (second[2] - first[2]) * share,
];

/** As it looks in this light: 1, 1, 1 leaves it. */
export const under = (given: Colour, light: readonly [number, number, number]): Colour => [
  given[0] * light[0],
  given[1] * light[1],
  given[2] * light[2],
];
