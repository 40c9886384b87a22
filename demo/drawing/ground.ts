/** Asphalt, markings, sidewalks and what lies beside them. */
import { BLACK, WHITE, colour, hex, mix, type Colour } from "./colours.ts";
import { DRAWING } from "./frame-code.ts";
import { seen, seenHex, type Light } from "./lights.ts";
import { LANE_METRES, halfOfStreet, type Side, type Street } from "./streets.ts";
import { FARTHEST, distanceAt, nearest, points, project } from "./views.ts";

const { width, height } = DRAWING;
const asphalt = colour("#5d6166");
const stone = colour("#b9b4aa");

export const drawGround = (street: Street, light: Light): string =>
  [
    gradientOf(street, light, "asphalt", wet(light, asphalt)),
    gradientOf(street, light, "stone", wet(light, stone)),
    beside(street, light, -1),
    beside(street, light, 1),
    sidewalks(street, light),
    strip(street, -halfOfStreet(street), halfOfStreet(street), "url(#asphalt)"),
    markings(street, light),
    street.median > 0.5 ? median(street, light) : "",
    street.crossing === null ? "" : crossing(street, light, street.crossing),
    light.weather === "rain" ? puddles(street, light) : "",
  ].join("");

const wet = ({ weather }: Light, tone: Colour): Colour => (weather === "rain" ? mix(tone, BLACK, 0.25) : tone);

/** From the horizon downwards, as distance dissolves a surface. */
const gradientOf = ({ view }: Street, light: Light, id: string, tone: Colour): string => {
  const stops = [0.01, 0.05, 0.12, 0.3, 0.6, 1].map((share) => {
    const metres = distanceAt(view, view.horizon + (height - view.horizon) * share);
    return `<stop offset="${share}" stop-color="${seenHex(light, mix(tone, WHITE, share * 0.06), metres)}"/>`;
  });
  return `<defs><linearGradient id="${id}" gradientUnits="userSpaceOnUse" x1="0" y1="${view.horizon}" x2="0" y2="${height}">${stops.join("")}</linearGradient></defs>`;
};

const strip = (
  { view }: Street,
  left: number,
  right: number,
  fill: string,
  from = FARTHEST,
  to = nearest(view),
): string =>
  `<polygon points="${points([project(view, left, 0, from), project(view, right, 0, from), project(view, right, 0, to), project(view, left, 0, to)])}" fill="${fill}"/>`;

const surfaces: Readonly<Record<Side["kind"], Colour>> = {
  houses: stone,
  shops: stone,
  blocks: stone,
  works: colour("#8f8b80"),
  park: colour("#5d9149"),
  beach: colour("#ead9ae"),
};

const beside = (street: Street, light: Light, side: -1 | 1): string => {
  const { view } = street;
  const tone = surfaces[(side < 0 ? street.left : street.right).kind];
  const id = side < 0 ? "beside-left" : "beside-right";
  const edge = side < 0 ? 0 : width;
  const [x, y] = project(view, 0, 0, FARTHEST);
  return `${gradientOf(street, light, id, tone)}<polygon points="${points([
    [x, y - 2],
    [edge, y - 2],
    [edge, height],
    [x, height],
  ])}" fill="url(#${id})"/>`;
};

const sidewalks = (street: Street, light: Light): string => {
  const half = halfOfStreet(street);
  const kerb = seenHex(light, colour("#d9d5cc"), 18);
  return [-1, 1]
    .map((side) => {
      const [inner, outer] = [side * half, side * (half + street.sidewalk)];
      const kerbs = strip(street, inner, inner + side * 0.22, kerb, 90);
      const joints = jointsOf(street, light, inner, outer);
      return strip(street, inner, outer, "url(#stone)") + joints + kerbs;
    })
    .join("");
};

const jointsOf = ({ view }: Street, light: Light, inner: number, outer: number): string => {
  const lines: string[] = [];
  for (let z = nearest(view); z < 40; z += 1.6) {
    const [[x1, y1], [x2, y2]] = [project(view, inner, 0, z), project(view, outer, 0, z)];
    const tone = seenHex(light, colour("#96917f"), z);
    lines.push(
      `<path d="M${x1.toFixed(1)} ${y1.toFixed(1)}L${x2.toFixed(1)} ${y2.toFixed(1)}" stroke="${tone}" stroke-width="${(14 / z).toFixed(2)}" opacity="0.6"/>`,
    );
  }
  return lines.join("");
};

const markings = (street: Street, light: Light): string => {
  const [white, yellow] = [colour("#eceef0"), colour("#e6b422")];
  const half = halfOfStreet(street);
  const drawn = [line(street, light, white, -half + 0.35), line(street, light, white, half - 0.35)];
  if (street.median <= 0.5) drawn.push(line(street, light, yellow, -0.16), line(street, light, yellow, 0.16));
  for (let lane = 1; lane < street.lanes; lane += 1) {
    for (const side of [-1, 1])
      drawn.push(dashes(street, light, white, side * (street.median / 2 + LANE_METRES * lane)));
  }
  return drawn.join("");
};

const line = (street: Street, light: Light, tone: Colour, x: number): string => {
  const pieces: string[] = [];
  const near = nearest(street.view);
  for (let z = 110; z > near; z = Math.max(near, z * 0.72)) {
    const to = Math.max(near, z * 0.72);
    pieces.push(strip(street, x - 0.06, x + 0.06, seenHex(light, tone, z), z, to));
    if (to === near) break;
  }
  return pieces.join("");
};

const dashes = (street: Street, light: Light, tone: Colour, x: number): string => {
  const pieces: string[] = [];
  for (let z = nearest(street.view); z < 110; z += 6) {
    pieces.push(strip(street, x - 0.07, x + 0.07, seenHex(light, tone, z), z + 2.6, z));
  }
  return pieces.join("");
};

const median = (street: Street, light: Light): string => {
  const half = street.median / 2;
  return `${gradientOf(street, light, "green", colour(street.median > 1.5 ? "#5f9448" : "#a9a59b"))}${strip(street, -half, half, seenHex(light, colour("#cfcbc1"), 22))}${strip(street, -half + 0.2, half - 0.2, "url(#green)")}`;
};

const crossing = (street: Street, light: Light, at: number): string => {
  const half = halfOfStreet(street);
  const stripes: string[] = [];
  for (let x = -half + 0.5; x < half - 0.6; x += 0.9) {
    stripes.push(strip(street, x, x + 0.45, seenHex(light, colour("#e9ebec"), at), at + 3.4, at));
  }
  stripes.push(strip(street, -half + 0.3, -0.3, seenHex(light, colour("#e9ebec"), at + 5), at + 5.2, at + 4.8));
  return stripes.join("");
};

const puddles = ({ view }: Street, light: Light): string => {
  const tone = hex(mix(seen(light, asphalt, 10), light.sky[2], 0.55));
  const places: readonly (readonly [number, number, number])[] = [
    [-2.9, 14, 0.7],
    [2.6, 18, 0.9],
    [0.4, 11.5, 0.6],
    [-1, 30, 1.1],
    [3, 11, 0.5],
  ];
  return places
    .map(([x, z, size]) => {
      const [cx, cy] = project(view, x, 0, z);
      const across = (size * view.focal) / z;
      return `<ellipse cx="${cx.toFixed(1)}" cy="${cy.toFixed(1)}" rx="${across.toFixed(1)}" ry="${(across * 0.17).toFixed(1)}" fill="${tone}" opacity="0.55"/>`;
    })
    .join("");
};
