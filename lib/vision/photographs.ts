/** What is kept of a picture with a plate in it: the scene, and the plate close up. Made alike wherever it is read. */
import type { Box, Picture } from "./picture.ts";
import type { Pictures } from "./sight.ts";

const SCENE = { quality: 80, max_width: 1920 };
const PLATE = { quality: 90 };
/** Around the plate, as a share of its width: what holds it tells a plate from a sticker. */
const MARGIN = 0.25;

type Maker = Pick<Pictures, "jpegOf">;

export const photographScene = (pictures: Maker, picture: Picture): Promise<Uint8Array> =>
  pictures.jpegOf(picture, undefined, SCENE);

export const photographPlate = (pictures: Maker, picture: Picture, box: Box): Promise<Uint8Array> =>
  pictures.jpegOf(picture, around(box, picture), PLATE);

const around = ({ x, y, width, height }: Box, picture: Pick<Picture, "width" | "height">): Box => {
  const margin = Math.round(width * MARGIN);
  const [left, top] = [Math.max(0, Math.floor(x) - margin), Math.max(0, Math.floor(y) - margin)];
  return {
    x: left,
    y: top,
    width: Math.min(picture.width - left, Math.ceil(width) + 2 * margin),
    height: Math.min(picture.height - top, Math.ceil(height) + 2 * margin),
  };
};
