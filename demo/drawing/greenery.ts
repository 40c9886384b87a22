/** Trees, palms, lamp posts and what else stands between the street and the fronts. */
import type { Chance } from "#demo/random.ts";
import { BLACK, WHITE, colour, mix, type Colour } from "./colours.ts";
import { seenHex, type Light } from "./lights.ts";
import { halfOfStreet, type Street } from "./streets.ts";
import { project } from "./views.ts";

/** `z` decides what hides what. */
type Thing = { z: number; svg: string };

export const drawGreenery = (street: Street, light: Light, chance: Chance): string =>
  [
    ...trees(street, light, chance),
    ...parkTrees(street, light, chance),
    ...lampPosts(street, light),
    ...umbrellas(street, light, chance),
  ]
    .toSorted((a, b) => b.z - a.z)
    .map(({ svg }) => svg)
    .join("");

/** The glow of lamps on everything around them: drawn last, over the fronts and the street. */
export const drawLampGlow = (street: Street, light: Light): string => {
  if (!light.lamps) return "";
  const tone = light.weather === "clear" ? "#ffce7a" : "#f4efe2";
  const glows = postPlaces(street).map(({ x, side, z }) => {
    const [cx, cy] = project(street.view, x - side * 1.7, LAMP_UP - 0.1, z);
    const [px, py] = project(street.view, x - side * 1.7, 0, z);
    const scale = street.view.focal / z;
    return `<circle cx="${cx.toFixed(1)}" cy="${cy.toFixed(1)}" r="${(scale * 1.9).toFixed(1)}" fill="url(#lamp)"/><ellipse cx="${px.toFixed(1)}" cy="${py.toFixed(1)}" rx="${(scale * 4).toFixed(1)}" ry="${(scale * 0.95).toFixed(1)}" fill="url(#pool)"/>`;
  });
  return `<defs><radialGradient id="pool"><stop offset="0" stop-color="${tone}" stop-opacity="0.42"/><stop offset="0.6" stop-color="${tone}" stop-opacity="0.14"/><stop offset="1" stop-color="${tone}" stop-opacity="0"/></radialGradient><radialGradient id="lamp"><stop offset="0" stop-color="#fff6dc" stop-opacity="0.95"/><stop offset="0.14" stop-color="${tone}" stop-opacity="0.6"/><stop offset="0.5" stop-color="${tone}" stop-opacity="0.17"/><stop offset="1" stop-color="${tone}" stop-opacity="0"/></radialGradient></defs>${glows.join("")}`;
};

const at = (street: Street, x: number, z: number, svg: string): Thing => {
  const [px, py] = project(street.view, x, 0, z);
  return {
    z,
    svg: `<g transform="translate(${px.toFixed(1)} ${py.toFixed(1)}) scale(${(street.view.focal / z).toFixed(3)})">${svg}</g>`,
  };
};

const trees = (street: Street, light: Light, chance: Chance): Thing[] => {
  if (street.trees === "none") return [];
  const things: Thing[] = [];
  const every = street.trees === "few" ? 26 : 13;
  const half = halfOfStreet(street);
  const places = street.median > 1.5 ? [-half - 0.9, 0, half + 0.9] : [-half - 0.9, half + 0.9];
  for (const x of places) {
    for (let z = chance.between(16, 24); z < 130; z += every * chance.between(0.8, 1.25)) {
      things.push(
        at(street, x, z, street.trees === "palms" ? palm(light, z, chance) : tree(light, z, chance, x === 0 ? 0.7 : 1)),
      );
    }
  }
  return things;
};

const parkTrees = (street: Street, light: Light, chance: Chance): Thing[] => {
  const things: Thing[] = [];
  for (const [side, { kind }] of [
    [-1, street.left],
    [1, street.right],
  ] as const) {
    if (kind !== "park") continue;
    for (let z = 15; z < 150; z += chance.between(4, 8)) {
      const x = side * (halfOfStreet(street) + street.sidewalk + chance.between(1.5, 9));
      things.push(
        at(
          street,
          x,
          z,
          chance.happens(0.3) ? bush(light, z, chance) : tree(light, z, chance, chance.between(0.9, 1.4)),
        ),
      );
    }
  }
  return things;
};

const leaves: readonly [Colour, ...Colour[]] = [
  colour("#3f7a3a"),
  colour("#4f8b3c"),
  colour("#2f6b45"),
  colour("#6a9a3f"),
];

const tree = (light: Light, z: number, chance: Chance, size: number): string => {
  const green = chance.pick(leaves);
  const top = chance.between(4.2, 5.6) * size;
  const puffs = Array.from({ length: 11 }, (_, index) => {
    const turn = index * 2.4;
    const out = index === 0 ? 0 : chance.between(0.5, 1.15) * size;
    const tone = mix(green, index % 3 === 0 ? WHITE : BLACK, index % 3 === 0 ? 0.13 : chance.between(0, 0.22));
    const [x, y] = [Math.cos(turn) * out * 1.2, -top + Math.sin(turn) * out * 0.85];
    return {
      y,
      svg: `<circle cx="${x.toFixed(2)}" cy="${y.toFixed(2)}" r="${(chance.between(0.75, 1.15) * size).toFixed(2)}" fill="${seenHex(light, tone, z)}"/>`,
    };
  });
  const trunk = seenHex(light, colour("#6b4a30"), z);
  return `<ellipse cx="0" cy="0" rx="${1.3 * size}" ry="0.200" fill="#000" opacity="0.2"/><path d="M-0.13 0L-0.09 ${-top + 0.6}H0.09L0.15 0Z" fill="${trunk}"/>${puffs
    .toSorted((a, b) => b.y - a.y)
    .map(({ svg }) => svg)
    .join("")}`;
};

const bush = (light: Light, z: number, chance: Chance): string => {
  const tone = seenHex(light, chance.pick(leaves), z);
  return `<ellipse cx="-0.400" cy="-0.350" rx="0.700" ry="0.500" fill="${tone}"/><ellipse cx="0.500" cy="-0.300" rx="0.650" ry="0.450" fill="${tone}"/><circle cx="0.100" cy="-0.550" r="0.100" fill="${seenHex(light, colour("#d8587a"), z)}"/><circle cx="-0.500" cy="-0.450" r="0.100" fill="${seenHex(light, colour("#e8c33a"), z)}"/>`;
};

const palm = (light: Light, z: number, chance: Chance): string => {
  const top = chance.between(5.6, 7.6);
  const bend = chance.between(-0.5, 0.5);
  const fronds = Array.from({ length: 11 }, (_, index) => {
    const turn = (index / 11) * Math.PI * 2 + chance.between(-0.15, 0.15);
    const [x, y] = [Math.cos(turn) * 2.1, Math.sin(turn) * 0.9 + 0.75];
    const lift = -1 - chance.between(0, 0.4);
    const tone = seenHex(light, mix(chance.pick(leaves), y > 0.8 ? BLACK : WHITE, 0.12), z);
    return {
      y,
      svg: `<path d="M0 0Q${(x * 0.55).toFixed(2)} ${lift.toFixed(2)} ${x.toFixed(2)} ${y.toFixed(2)}Q${(x * 0.5).toFixed(2)} ${(lift * 0.35).toFixed(2)} 0 0.120Z" fill="${tone}"/>`,
    };
  });
  return `<ellipse cx="0" cy="0" rx="0.900" ry="0.140" fill="#000" opacity="0.2"/><path d="M-0.16 0Q${bend} ${-top / 2} ${bend - 0.07} ${-top}H${bend + 0.09}Q${bend + 0.16} ${-top / 2} 0.16 0Z" fill="${seenHex(light, colour("#94795a"), z)}"/><g transform="translate(${bend} ${-top})">${fronds
    .toSorted((a, b) => a.y - b.y)
    .map(({ svg }) => svg)
    .join("")}</g>`;
};

const LAMP_UP = 6.6;

const postPlaces = (street: Street): { x: number; side: -1 | 1; z: number }[] => {
  const half = halfOfStreet(street);
  return [0, 1, 2, 3, 4, 5].map((index) => {
    const side = index % 2 === 0 ? -1 : 1;
    return { x: side * (half + 0.45), side, z: 26 + index * 15 };
  });
};

const lampPosts = (street: Street, light: Light): Thing[] =>
  postPlaces(street).map(({ x, side, z }) => {
    const tone = seenHex(light, colour("#59616a"), z);
    const head = light.lamps ? "#fff3cf" : seenHex(light, colour("#dfe3e6"), z);
    return at(
      street,
      x,
      z,
      `<path d="M0 0V${-LAMP_UP}" stroke="${tone}" stroke-width="0.130"/><path d="M0 ${-LAMP_UP}Q0 ${-LAMP_UP - 0.5} ${-side * 1.5} ${-LAMP_UP - 0.35}" fill="none" stroke="${tone}" stroke-width="0.100"/><ellipse cx="${-side * 1.7}" cy="${-LAMP_UP - 0.25}" rx="0.360" ry="0.120" fill="${head}"/>`,
    );
  });

const umbrellas = (street: Street, light: Light, chance: Chance): Thing[] => {
  const things: Thing[] = [];
  for (const [side, { kind }] of [
    [-1, street.left],
    [1, street.right],
  ] as const) {
    if (kind !== "beach") continue;
    for (let z = 20; z < 110; z += chance.between(4, 8)) {
      const x = side * (halfOfStreet(street) + street.sidewalk + chance.between(2, 14));
      const tone = seenHex(
        light,
        chance.pick([colour("#d8473f"), colour("#f0b83a"), colour("#2f7fb5"), colour("#f4efe4")]),
        z,
      );
      things.push(
        at(
          street,
          x,
          z,
          `<path d="M0 0V-2" stroke="#8b8478" stroke-width="0.070"/><path d="M-1.100 -1.700Q0 -2.900 1.100 -1.700Z" fill="${tone}"/><ellipse cx="0.200" cy="0" rx="1.100" ry="0.120" fill="#000" opacity="0.15"/>`,
        ),
      );
    }
  }
  return things;
};
