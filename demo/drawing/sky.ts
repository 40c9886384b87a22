/** Sky and what stands where the street vanishes. */
import type { Chance } from "#demo/random.ts";
import { colour, hex, mix, type Colour } from "./colours.ts";
import { DRAWING } from "./frame-code.ts";
import { seen, seenHex, type Light } from "./lights.ts";
import type { Street } from "./streets.ts";

const { width, height } = DRAWING;

export const drawSky = (street: Street, light: Light, chance: Chance): string => {
  const { horizon } = street.view;
  const [zenith, middle, low] = light.sky.map((part) => hex(part));
  return `<defs><linearGradient id="sky" gradientUnits="userSpaceOnUse" x1="0" y1="0" x2="0" y2="${horizon + 6}"><stop offset="0" stop-color="${zenith}"/><stop offset="0.62" stop-color="${middle}"/><stop offset="1" stop-color="${low}"/></linearGradient></defs>
    <rect width="${width}" height="${height}" fill="url(#sky)"/>
    ${light.stars ? stars(horizon, chance) : ""}${sun(street, light)}${light.clouds ? clouds(light.clouds, horizon, chance) : ""}${skyline(street, light, chance)}`;
};

const stars = (horizon: number, chance: Chance): string => {
  const dots = Array.from({ length: 70 }, () => {
    const radius = chance.between(0.4, 1.1).toFixed(2);
    return `<circle cx="${chance.whole(0, width)}" cy="${chance.whole(0, horizon - 20)}" r="${radius}" opacity="${chance.between(0.3, 0.9).toFixed(2)}"/>`;
  });
  return `<g fill="#e6ecff">${dots.join("")}</g><circle cx="448" cy="40" r="15" fill="#f3f0dc"/><circle cx="441" cy="36" r="14" fill="#0c1430"/>`;
};

const sun = ({ view }: Street, { sun: drawn }: Light): string => {
  if (!drawn) return "";
  const [x, y] = [view.vanishing_x + (drawn.x - 0.5) * width * 0.6, drawn.y * height];
  const tone = hex(drawn.colour);
  return `<defs><radialGradient id="sunlight"><stop offset="0" stop-color="${tone}" stop-opacity="0.85"/><stop offset="0.3" stop-color="${tone}" stop-opacity="0.35"/><stop offset="1" stop-color="${tone}" stop-opacity="0"/></radialGradient></defs>
    <circle cx="${x}" cy="${y}" r="${drawn.radius * 7}" fill="url(#sunlight)"/><circle cx="${x}" cy="${y}" r="${drawn.radius}" fill="${tone}"/>`;
};

const clouds = (tone: Colour, horizon: number, chance: Chance): string => {
  const drawn = Array.from({ length: 7 }, () => {
    const [x, y] = [chance.whole(-40, width), chance.whole(8, horizon - 34)];
    const size = chance.between(22, 52) * (1 - (y / horizon) * 0.5);
    const puffs = Array.from({ length: 6 }, (_, index) => {
      const across = (index - 2.5) * size * 0.55;
      const radius = size * chance.between(0.28, 0.52) * (1 - Math.abs(index - 2.5) * 0.13);
      return `<ellipse cx="${(x + across).toFixed(1)}" cy="${(y - radius * 0.25).toFixed(1)}" rx="${(radius * 1.5).toFixed(1)}" ry="${(radius * 0.62).toFixed(1)}"/>`;
    });
    return `<g opacity="${chance.between(0.35, 0.8).toFixed(2)}">${puffs.join("")}</g>`;
  });
  return `<g fill="${hex(tone)}">${drawn.join("")}</g>`;
};

const skyline = (street: Street, light: Light, chance: Chance): string => {
  switch (street.skyline) {
    case "towers":
      return hills(street, light, chance, 16) + towers(street, light, chance);
    case "hills":
      return hills(street, light, chance, 52) + hills(street, light, chance, 26);
    case "sea":
      return hills(street, light, chance, 30) + sea(street, light);
    case "church":
      return hills(street, light, chance, 18) + church(street, light);
    case "none":
      return "";
  }
};

const hills = ({ view }: Street, light: Light, chance: Chance, tall: number): string => {
  const far = 60 + tall * 5;
  const tone = seenHex(light, mix(colour("#3f6b4c"), colour("#5f7f93"), tall / 70), far);
  const steps = 9;
  let path = `M0 ${view.horizon + 4}V${view.horizon - tall * chance.between(0.4, 0.9)}`;
  for (let step = 1; step <= steps; step += 1) {
    const x = (width / steps) * step;
    const y = view.horizon - tall * chance.between(0.25, 1);
    path += `Q${(x - width / steps / 2).toFixed(0)} ${(y - tall * 0.35).toFixed(0)} ${x.toFixed(0)} ${y.toFixed(0)}`;
  }
  return `<path d="${path}V${view.horizon + 4}Z" fill="${tone}"/>`;
};

const towers = ({ view }: Street, light: Light, chance: Chance): string => {
  const blocks: string[] = [];
  for (let x = view.vanishing_x - 190; x < view.vanishing_x + 190;) {
    const [across, tall] = [chance.between(12, 28), chance.between(14, 68)];
    const top = view.horizon - tall;
    const tone = seen(light, chance.pick([colour("#8fa0ae"), colour("#a79b92"), colour("#7c8a99")]), 150);
    blocks.push(
      `<rect x="${x.toFixed(1)}" y="${top.toFixed(1)}" width="${across.toFixed(1)}" height="${tall + 4}" fill="${hex(tone)}"/>`,
    );
    blocks.push(...towerWindows({ x, top, across, tall }, light, chance, tone));
    x += across + chance.between(-4, 6);
  }
  return blocks.join("");
};

type Block = { x: number; top: number; across: number; tall: number };

const towerWindows = ({ x, top, across, tall }: Block, light: Light, chance: Chance, wall: Colour): string[] => {
  const windows: string[] = [];
  for (let row = top + 4; row < top + tall - 3; row += 5) {
    for (let column = x + 3; column < x + across - 3; column += 4) {
      const lit = chance.happens(light.windows * 0.8);
      const tone = lit ? "#ffd88f" : hex(mix(wall, colour("#20303e"), 0.3));
      windows.push(`<rect x="${column.toFixed(1)}" y="${row.toFixed(1)}" width="2" height="2.600" fill="${tone}"/>`);
    }
  }
  return windows;
};

const sea = ({ view }: Street, light: Light): string => {
  const water = seen(light, colour("#2c8aa6"), 90);
  return `<defs><linearGradient id="sea" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${hex(mix(water, light.haze, 0.55))}"/><stop offset="1" stop-color="${hex(water)}"/></linearGradient></defs>
    <rect x="0" y="${view.horizon - 2}" width="${width}" height="46" fill="url(#sea)"/>
    <path d="M${view.vanishing_x + 90} ${view.horizon + 6}h46M${view.vanishing_x + 170} ${view.horizon + 14}h80M${view.vanishing_x + 300} ${view.horizon + 9}h60" stroke="#fff" stroke-width="1.500" opacity="0.5"/>
    <path d="M${view.vanishing_x + 205} ${view.horizon + 1}l22 0-4 5h-14zM${view.vanishing_x + 215} ${view.horizon}v-22l14 20z" fill="#fff" opacity="0.9"/>`;
};

const church = ({ view }: Street, light: Light): string => {
  const [wall, shade, roof, door] = ["#efe6d2", "#d5c8ac", "#a5593c", "#4b3526"].map((tone) =>
    seenHex(light, colour(tone), 55),
  );
  const glow = light.windows > 0 ? "#ffd88f" : shade;
  const base = view.horizon + 10;
  return `<g transform="translate(${view.vanishing_x} ${base})">
    <rect x="-44" y="-52" width="88" height="56" fill="${wall}"/><path d="M-48 -52L0 -86L48 -52Z" fill="${roof}"/><path d="M-40 -54L0 -80L40 -54Z" fill="${wall}"/>
    ${[-58, 36].map((x) => `<rect x="${x}" y="-84" width="22" height="88" fill="${wall}"/><rect x="${x + 14}" y="-84" width="8" height="88" fill="${shade}"/><path d="M${x - 3} -84L${x + 11} -116L${x + 25} -84Z" fill="${roof}"/><path d="M${x + 11} -116v-11M${x + 7} -123h8" stroke="${door}" stroke-width="2"/><path d="M${x + 6} -64v-8a5 5 0 0 1 10 0v8z" fill="${door}"/>`).join("")}
    <circle cx="0" cy="-60" r="8" fill="${glow}" stroke="${shade}" stroke-width="2"/><path d="M-9 4v-24a9 9 0 0 1 18 0v24z" fill="${door}"/>
    ${[-30, 20].map((x) => `<path d="M${x} -22v-10a5 5 0 0 1 10 0v10z" fill="${glow}"/>`).join("")}
    <path d="M-60 4h120" stroke="${shade}" stroke-width="4"/></g>`;
};
