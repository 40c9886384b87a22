/** What stands along a street: a row of fronts on either side, each with its windows, doors and lights. */
import type { Chance } from "#demo/random.ts";
import { BLACK, colour, hex, mix, type Colour } from "./colours.ts";
import { widthOf, writeLine } from "./glyphs.ts";
import { seen, seenHex, type Light } from "./lights.ts";
import { halfOfStreet, type Side, type Street } from "./streets.ts";
import { points, project, type View } from "./views.ts";

type Front = {
  view: View;
  light: Light;
  chance: Chance;
  side: -1 | 1;
  /** Of the plane of the fronts. */
  x: number;
  from: number;
  to: number;
  tall: number;
  wall: Colour;
  kind: Side["kind"];
};

const NEAREST = 6;
const FARTHEST_FRONT = 190;
/** Beyond it windows are smaller than a pixel. */
const WINDOWS_UNTIL = 95;

const walls: readonly [Colour, ...Colour[]] = [
  colour("#e8d9b5"),
  colour("#d98f6a"),
  colour("#9fb8a4"),
  colour("#c9c4bc"),
  colour("#e0b04f"),
  colour("#8fa9c4"),
  colour("#d6a3a0"),
  colour("#efe9dc"),
  colour("#b5785f"),
];
const sizes = {
  houses: { along: [8, 13], tall: [3.6, 6.6] },
  shops: { along: [7, 12], tall: [4.4, 9.5] },
  blocks: { along: [14, 24], tall: [13, 30] },
  works: { along: [26, 40], tall: [6.5, 10] },
} as const;

export const drawBuildings = (street: Street, light: Light, chance: Chance): string =>
  ([-1, 1] as const).map((side) => row(street, light, chance, side)).join("");

const row = (street: Street, light: Light, chance: Chance, side: -1 | 1): string => {
  const { kind } = side < 0 ? street.left : street.right;
  if (kind === "park" || kind === "beach") return "";
  const x = side * (halfOfStreet(street) + street.sidewalk);
  const fronts: Front[] = [];
  let last: Colour = walls[0];
  for (let from = NEAREST; from < FARTHEST_FRONT;) {
    const { along, tall } = sizes[kind];
    const to = from + chance.between(along[0], along[1]);
    let wall = chance.pick(walls);
    while (wall === last) wall = chance.pick(walls);
    last = wall;
    fronts.push({
      view: street.view,
      light,
      chance,
      side,
      x,
      from,
      to,
      tall: chance.between(tall[0], tall[1]),
      wall,
      kind,
    });
    from = to + (kind === "houses" ? 1.6 : kind === "works" ? 5 : 0);
  }
  return fronts
    .toReversed()
    .map((front) => draw(front))
    .join("");
};

const quad = (
  { view, x }: Front,
  up: readonly [number, number],
  z: readonly [number, number],
  fill: string,
  more = "",
): string =>
  `<polygon points="${points([project(view, x, up[0], z[0]), project(view, x, up[0], z[1]), project(view, x, up[1], z[1]), project(view, x, up[1], z[0])])}" fill="${fill}"${more}/>`;

/** A piece of wall that looks towards the camera. */
const facing = (
  { view }: Front,
  x: readonly [number, number],
  up: readonly [number, number],
  z: number,
  fill: string,
): string =>
  `<polygon points="${points([project(view, x[0], up[0], z), project(view, x[1], up[0], z), project(view, x[1], up[1], z), project(view, x[0], up[1], z)])}" fill="${fill}"/>`;

const draw = (front: Front): string => {
  const { from, to, tall, light, wall, side, x, kind } = front;
  const middle = (from + to) / 2;
  const shade = side < 0 ? 0.06 : 0.16;
  const parts = [
    facing(front, [x, x + side * 12], [0, tall], from, seenHex(light, mix(wall, BLACK, 0.3), from)),
    quad(front, [0, tall], [from, to], seenHex(light, mix(wall, BLACK, shade), middle)),
    quad(front, [0, 0.7], [from, to], seenHex(light, mix(wall, BLACK, shade + 0.22), middle)),
    kind === "houses" ? roof(front) : cornice(front),
  ];
  if (from < WINDOWS_UNTIL)
    parts.push(kind === "works" ? hall(front) : windows(front), kind === "shops" ? shop(front) : doors(front));
  return parts.join("");
};

const roof = (front: Front): string => {
  const { view, x, side, from, to, tall, light } = front;
  const tone = colour("#a8533a");
  const [eaves, ridge] = [x - side * 0.5, x + side * 4];
  const slope = [
    project(view, eaves, tall, from - 0.3),
    project(view, eaves, tall, to),
    project(view, ridge, tall + 2, to),
    project(view, ridge, tall + 2, from - 0.3),
  ];
  const gable = [
    project(view, x, tall, from),
    project(view, ridge, tall + 2, from),
    project(view, x + side * 9, tall, from),
  ];
  return `<polygon points="${points(gable)}" fill="${seenHex(light, mix(front.wall, BLACK, 0.26), from)}"/><polygon points="${points(slope)}" fill="${seenHex(light, tone, (from + to) / 2)}"/>`;
};

const cornice = (front: Front): string => {
  const { from, to, tall, light, wall } = front;
  return quad(
    front,
    [tall - 0.35, tall],
    [from, to],
    seenHex(light, mix(wall, colour("#ffffff"), 0.35), (from + to) / 2),
  );
};

const glass = ({ light, chance }: Front, metres: number): string => {
  if (!chance.happens(light.windows)) return seenHex(light, colour("#3d5263"), metres);
  return hex(
    mix(
      chance.pick([colour("#ffd585"), colour("#ffe6b0"), colour("#ffc76b"), colour("#dfe9ff")]),
      light.haze,
      1 - Math.exp(-metres / light.haze_metres / 2),
    ),
  );
};

const windows = (front: Front): string => {
  const { from, to, tall, kind, light, wall } = front;
  const parts: string[] = [];
  const step = kind === "blocks" ? 2.9 : 2.6;
  const columns = Math.max(1, Math.floor((to - from - 0.8) / step));
  const gap = (to - from - columns * 1.3) / (columns + 1);
  const firstFloor = kind === "houses" ? 1 : 4;
  for (let up = firstFloor; up + 1.7 < tall; up += 3) {
    for (let column = 0; column < columns; column += 1) {
      const z = from + gap + column * (1.3 + gap);
      parts.push(
        quad(front, [up - 0.12, up], [z - 0.15, z + 1.45], seenHex(light, mix(wall, colour("#ffffff"), 0.4), z)),
      );
      parts.push(quad(front, [up, up + 1.45], [z, z + 1.3], glass(front, z)));
    }
    if (kind === "blocks" && front.chance.happens(0.4))
      parts.push(
        quad(
          front,
          [up - 0.5, up + 0.3],
          [from + 0.8, to - 0.8],
          seenHex(light, mix(wall, BLACK, 0.12), from),
          ' opacity="0.9"',
        ),
      );
  }
  return parts.join("");
};

const doors = (front: Front): string => {
  const { from, to, light, chance, kind } = front;
  const z = from + (to - from) * chance.between(0.3, 0.6);
  const tone = chance.pick([colour("#6b3f2a"), colour("#2f5d50"), colour("#7a1f2b"), colour("#33475c")]);
  const gate = kind === "houses" ? quad(front, [0, 2.5], [z + 1.6, z + 4.2], seenHex(light, colour("#8a9197"), z)) : "";
  return gate + quad(front, [0, 2.3], [z, z + 1.1], seenHex(light, tone, z));
};

const hall = (front: Front): string => {
  const { from, to, tall, light } = front;
  const parts = [quad(front, [tall * 0.62, tall * 0.8], [from + 1.5, to - 1.5], glass(front, from))];
  for (let z = from + 3; z + 5 < to; z += 8) {
    parts.push(quad(front, [0, 4], [z, z + 4.6], seenHex(light, colour("#7d8a94"), z)));
    parts.push(quad(front, [4, 4.3], [z - 0.2, z + 4.8], seenHex(light, colour("#d6a52c"), z)));
  }
  return parts.join("");
};

const names = ["PADARIA", "MERCADO", "LIVRARIA", "BAR", "PIZZARIA", "OFICINA", "FLORES", "HOTEL", "BANCA"] as const;

const shop = (front: Front): string => {
  const { from, to, light, chance } = front;
  const tone = chance.pick([
    colour("#c23b3b"),
    colour("#2e7d6b"),
    colour("#2f5fa6"),
    colour("#d98e2b"),
    colour("#6d3f8a"),
  ]);
  const lit = light.windows > 0;
  const inside = lit ? colour("#ffdf9e") : colour("#51656f");
  const parts = [
    quad(
      front,
      [0.35, 2.6],
      [from + 0.7, to - 0.7],
      lit ? hex(mix(inside, light.haze, from / 260)) : seenHex(light, inside, from),
    ),
    quad(
      front,
      [0, 2.5],
      [from + (to - from) * 0.5, from + (to - from) * 0.5 + 1.2],
      seenHex(light, colour("#3a2c26"), from),
    ),
    ...panes(front),
    awning(front, tone),
  ];
  if (from < 60) parts.push(sign(front, tone, chance.pick(names)));
  return parts.join("");
};

/** Frames and shelves of a shop window. */
const panes = (front: Front): string[] => {
  const { from, to, light } = front;
  const frame = seenHex(light, colour("#3f3a36"), from);
  const goods = light.windows > 0 ? "#b98746" : seenHex(light, colour("#7f8f96"), from);
  const drawn = [quad(front, [0.35, 1.05], [from + 0.7, to - 0.7], goods, ' opacity="0.55"')];
  for (let z = from + 0.7; z <= to - 0.7; z += 1.5) drawn.push(quad(front, [0.35, 2.6], [z, z + 0.1], frame));
  return drawn;
};

const awning = ({ view, x, side, from, to, light }: Front, tone: Colour): string => {
  const stripes: string[] = [];
  const outer = x - side * 1.1;
  let white = false;
  for (let z = from + 0.5; z < to - 0.5; z += 1, white = !white) {
    const end = Math.min(z + 1, to - 0.5);
    const corners = [
      project(view, x, 3.3, z),
      project(view, x, 3.3, end),
      project(view, outer, 2.7, end),
      project(view, outer, 2.7, z),
    ];
    stripes.push(
      `<polygon points="${points(corners)}" fill="${seenHex(light, white ? colour("#f3efe6") : tone, z)}"/>`,
    );
  }
  return stripes.join("");
};

/** Hangs across the sidewalk and looks towards the camera. */
const sign = (front: Front, tone: Colour, name: string): string => {
  const { view, x, side, from, light } = front;
  const at = from + 1.5;
  const line = { height: 0.42 };
  const across = widthOf(name, line) + 0.4;
  const inner = x - side * 0.15;
  const [left, right] = side < 0 ? [inner, inner + across] : [inner - across, inner];
  const [px, py] = project(view, left + 0.2, 4.25, at);
  const scale = view.focal / at;
  const board = light.lamps ? hex(seen({ ...light, ambient: [0.95, 0.95, 0.95] }, tone, at)) : seenHex(light, tone, at);
  return `${facing(front, [left, right], [3.65, 4.43], at, board)}<g transform="translate(${px.toFixed(1)} ${py.toFixed(1)}) scale(${scale.toFixed(2)})">${writeLine(name, { ...line, x: 0, y: 0, colour: "#fff6e0", weight: 2.4 })}</g>`;
};
