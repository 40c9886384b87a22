/* oxlint-disable typescript/no-non-null-assertion -- a check per point would double the time, and the loops know their bounds */
/**
 * The colour of the vehicle around a plate. The plate is the white card: its ground is neutral, hangs in the same light and says
 * how bright white is there. What the photographs that it was chosen on do not bear is not said: white beside silver, and grey
 * beside black, cannot be told without knowing the light, so that it is `light` or `dark`.
 */
import type { Picture } from "#lib/vision/picture.ts";
import type { PlateFound } from "#lib/vision/vision.ts";

export const colorNames = ["light", "dark", "red", "orange", "yellow", "green", "blue"] as const;
export type ColorName = (typeof colorNames)[number];

type Rgb = readonly [red: number, green: number, blue: number];
export type Plate = Pick<PlateFound, "corners" | "rows">;

/** Metres of a plate of one row. */
const [PLATE_WIDTH, PLATE_HEIGHT] = [0.4, 0.13];
/** Metres from the middle of the plate, up is negative: bumper, tailgate, bonnet. Below are shadow and street. */
const AROUND = { left: -0.7, right: 0.7, top: -0.8, bottom: 0.12, step: 0.07 };
/** The plate with its holder. */
const HOLDER = { half_width: 0.26, half_height: 0.11 };
/** The ground between the characters: below the band of Mercosul. */
const GROUND = { half_width: 0.18, top: -0.03, bottom: 0.056, step_x: 0.02, step_y: 0.014 };
const LEAST_POINTS = 60;
/** Of the ground's points the lighter ones are ground, the others characters. */
const GROUND_SHARE = 0.6;
/** A plate of another colour (red: rented, and its like) is no white card. A cast is taken off so far and no farther. */
const [MOST_CAST, MOST_GAIN] = [0.35, 1.25];
/** Of 255: a ground darker than this hangs in the dark. */
const DARKEST_GROUND = 40;

/** `null`: nothing that could be believed. */
export const colorAround = (picture: Picture, plate: Plate): ColorName | null => {
  // Tank, wheel, street and rider: around the plate of a motorcycle is no paint that a rule could know.
  if (picture.colour.form === "grey" || plate.rows === 2) return null;
  const frame = frameOf(plate);
  const white = whiteOf(picture, frame);
  const points = white ? pointsAround(picture, frame, white) : [];
  if (points.length < LEAST_POINTS) return null;
  const hue = hueOf(points);
  if (hue.name) return hue.name;
  return hue.share > DOUBTFUL ? null : brightnessOf(points);
};

/** From metres around the plate to pixels, as if everything stood in the plane of the plate. */
type Frame = { x: number; y: number; right: Rgb2; down: Rgb2 };
type Rgb2 = { x: number; y: number };

const frameOf = ({ corners: [a, b, c, d] }: Plate): Frame => ({
  x: (a.x + b.x + c.x + d.x) / 4,
  y: (a.y + b.y + c.y + d.y) / 4,
  right: { x: (b.x - a.x + c.x - d.x) / 2 / PLATE_WIDTH, y: (b.y - a.y + c.y - d.y) / 2 / PLATE_WIDTH },
  down: { x: (d.x - a.x + c.x - b.x) / 2 / PLATE_HEIGHT, y: (d.y - a.y + c.y - b.y) / 2 / PLATE_HEIGHT },
});

type White = { gains: Rgb; level: number };

const whiteOf = (picture: Picture, frame: Frame): White | null => {
  const { half_width, top, bottom, step_x, step_y } = GROUND;
  const points: Rgb[] = [];
  for (let y = top; y <= bottom; y += step_y)
    for (let x = -half_width; x <= half_width; x += step_x) points.push(...pointAt(picture, frame, x, y));
  const lightest = points
    .toSorted((a, b) => lightOf(b) - lightOf(a))
    .slice(0, Math.ceil(points.length * (1 - GROUND_SHARE)));
  if (lightest.length < 10) return null;
  const [red, green, blue] = [0, 1, 2].map((channel) =>
    quantileOf(
      lightest.map((point) => point[channel]!),
      0.5,
    ),
  ) as [number, number, number];
  const level = Math.max(red, green, blue);
  if (level < DARKEST_GROUND) return null;
  const isNeutral = level - Math.min(red, green, blue) <= MOST_CAST * level;
  const gain = (channel: number): number => (isNeutral ? Math.min(level / Math.max(channel, 1), MOST_GAIN) : 1);
  return { gains: [gain(red), gain(green), gain(blue)], level };
};

/** 1 is the ground of the plate. */
const pointsAround = (picture: Picture, frame: Frame, { gains, level }: White): Rgb[] => {
  const points: Rgb[] = [];
  for (let y = AROUND.top; y <= AROUND.bottom; y += AROUND.step) {
    for (let x = AROUND.left; x <= AROUND.right; x += AROUND.step) {
      if (Math.abs(x) < HOLDER.half_width && Math.abs(y) < HOLDER.half_height) continue;
      for (const [red, green, blue] of pointAt(picture, frame, x, y))
        points.push([(red * gains[0]) / level, (green * gains[1]) / level, (blue * gains[2]) / level]);
    }
  }
  return points;
};

/** One, or none outside the picture. Noise is a pixel's, so that three by three are taken together. */
const pointAt = (picture: Picture, { x, y, right, down }: Frame, across: number, below: number): Rgb[] => {
  const column = Math.round(x + right.x * across + down.x * below);
  const row = Math.round(y + right.y * across + down.y * below);
  const { width, height, luma, colour } = picture;
  if (column < 1 || row < 1 || column > width - 2 || row > height - 2) return [];
  let [light, red, green, blue] = [0, 0, 0, 0];
  for (let at = (row - 1) * width + column - 1, line = 0; line < 3; line += 1, at += width - 3) {
    for (let step = 0; step < 3; step += 1, at += 1) {
      light += luma[at]!;
      if (colour.form !== "rgb") continue;
      red += colour.pixels[at * 3]!;
      green += colour.pixels[at * 3 + 1]!;
      blue += colour.pixels[at * 3 + 2]!;
    }
  }
  if (colour.form === "rgb") return [[red / 9, green / 9, blue / 9]];
  if (colour.form === "grey") return [[light / 9, light / 9, light / 9]];
  const chroma = (row >> 1) * ((width + 1) >> 1) + (column >> 1);
  const [du, dv] = [colour.u[chroma]! - 128, colour.v[chroma]! - 128];
  const within = (value: number): number => Math.min(Math.max(value, 0), 255);
  return [[within(light / 9 + 1.5 * dv), within(light / 9 - 0.26 * du - 0.58 * dv), within(light / 9 + 1.81 * du)]];
};

const lightOf = ([red, green, blue]: Rgb): number => 0.299 * red + 0.587 * green + 0.114 * blue;

const quantileOf = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;

type HueName = Exclude<ColorName, "light" | "dark">;
type HueRule = { from: number; to: number; saturation: number; share: number };
/**
 * Degrees, and from which saturation a point counts. The sky lies on every dark or silver car as a weak blue, and the lamps behind
 * are red on a fifth of what is looked at.
 */
const hues: Readonly<Record<HueName, HueRule>> = {
  red: { from: 335, to: 374, saturation: 0.3, share: 0.33 },
  orange: { from: 14, to: 38, saturation: 0.45, share: 0.33 },
  yellow: { from: 38, to: 62, saturation: 0.45, share: 0.33 },
  green: { from: 80, to: 180, saturation: 0.25, share: 0.33 },
  blue: { from: 180, to: 255, saturation: 0.42, share: 0.33 },
};
const LEAST_CHROMA = 0.1;
/** With so many points of one hue it may be that hue in poor light. */
const DOUBTFUL = 0.12;

const hueOf = (points: readonly Rgb[]): { name: ColorName | null; share: number } => {
  const counts = new Map<HueName, number>();
  for (const point of points) {
    const name = pointHue(point);
    if (name) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const [most] = [...counts].toSorted(([, a], [, b]) => b - a);
  if (!most) return { name: null, share: 0 };
  const share = most[1] / points.length;
  return { name: share >= hues[most[0]].share ? most[0] : null, share };
};

const pointHue = (point: Rgb): HueName | null => {
  const [red, green, blue] = point;
  const most = Math.max(...point);
  const chroma = most - Math.min(...point);
  if (chroma < LEAST_CHROMA) return null;
  const sector =
    most === red ? (green - blue) / chroma : most === green ? (blue - red) / chroma + 2 : (red - green) / chroma + 4;
  const degrees = (sector * 60 + 360) % 360;
  for (const [name, { from, to, saturation }] of Object.entries(hues) as [HueName, HueRule][]) {
    const isWithin = (degrees >= from && degrees < to) || degrees + 360 < to;
    if (isWithin && chroma >= saturation * most) return name;
  }
  return null;
};

/** Mean of the logarithms of the middle and the light end: grille and glass are dark on every car. Between the two nothing is said. */
const [LIGHT, DARK] = [-0.03, -0.42];

const brightnessOf = (points: readonly Rgb[]): ColorName | null => {
  const lights = points.map(lightOf);
  const log = (share: number): number => Math.log(Math.max(quantileOf(lights, share), 0.02));
  const brightness = (log(0.5) + log(0.8)) / 2;
  if (brightness >= LIGHT) return "light";
  return brightness <= DARK ? "dark" : null;
};
