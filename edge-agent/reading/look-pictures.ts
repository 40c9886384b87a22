/** The pictures of one look, which the server mostly does not want: pixels, until they are asked for or have to wait. */
import type { Box, Picture } from "#lib/vision/picture.ts";
import { photographPlate, photographScene } from "#lib/vision/photographs.ts";
import type { Pictures } from "#lib/vision/sight.ts";

/** JPEG, base64. */
export type Photographed = { scene: string; plates: readonly string[] };
export type LookPictures = {
  /** What they hold of this process's memory. */
  bytes(): number;
  /** Made once. The pixels, some thirty times as large, are let go then. */
  made(): Promise<Photographed>;
};

export const lookPictures = (
  maker: Pick<Pictures, "jpegOf">,
  picture: Picture,
  boxes: readonly Box[],
): LookPictures => {
  let pixels: Picture | null = picture;
  let bytes = bytesOf(picture);
  let making: Promise<Photographed> | null = null;
  const make = async (of: Picture): Promise<Photographed> => {
    const scene = base64(await photographScene(maker, of));
    const plates = await Promise.all(boxes.map(async (box) => base64(await photographPlate(maker, of, box))));
    bytes = plates.reduce((sum, { length }) => sum + length, scene.length);
    pixels = null;
    return { scene, plates };
  };
  return {
    bytes: () => bytes,
    made() {
      if (pixels) making ??= make(pixels);
      return making ?? Promise.resolve(none);
    },
  };
};

const none: Photographed = { scene: "", plates: [] };
/** Of looks at which there is nothing to see but who has gone. */
export const noPictures: LookPictures = { bytes: () => 0, made: async () => none };

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");

const bytesOf = ({ luma, colour }: Picture): number => {
  if (colour.form === "grey") return luma.byteLength;
  if (colour.form === "rgb") return luma.byteLength + colour.pixels.byteLength;
  return luma.byteLength + colour.u.byteLength + colour.v.byteLength;
};
