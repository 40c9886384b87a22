/** Everything in a street that does not move, as one SVG. */
import { chanceOf } from "#demo/random.ts";
import { drawBuildings } from "./buildings.ts";
import { DRAWING } from "./frame-code.ts";
import { drawGreenery, drawLampGlow } from "./greenery.ts";
import { drawGround } from "./ground.ts";
import { lights } from "./lights.ts";
import { drawSky } from "./sky.ts";
import type { Street } from "./streets.ts";

export const drawBackground = (street: Street, seed: string): string => {
  const light = lights[street.light];
  const chance = (part: string) => chanceOf(seed, street.name, part);
  return [
    drawSky(street, light, chance("sky")),
    drawGround(street, light),
    drawBuildings(street, light, chance("buildings")),
    drawGreenery(street, light, chance("greenery")),
    drawLampGlow(street, light),
    vignette,
  ].join("");
};

const { width, height } = DRAWING;
const vignette = `<defs><radialGradient id="vignette" cx="0.5" cy="0.45" r="0.75"><stop offset="0.6" stop-color="#000" stop-opacity="0"/><stop offset="1" stop-color="#000" stop-opacity="0.34"/></radialGradient></defs><rect width="${width}" height="${height}" fill="url(#vignette)"/>`;
