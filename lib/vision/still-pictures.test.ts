import { crc32, deflateSync } from "node:zlib";
import sharp, { type Sharp } from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { noLog } from "#lib/log.ts";
import { drawnPng, drawnScene, plateScenes } from "#test/harness/drawn-plates.ts";
import { openPictureDecoder } from "./open-picture-decoder.ts";
import type { Picture } from "./picture.ts";
import { decodeStill, lumaInTurns } from "./still-pictures.ts";

const scenes = plateScenes.slice(0, 1);
let png: Buffer;
let wanted: Picture;
beforeAll(async () => {
  png = await drawnPng(scenes);
  wanted = await drawnScene(scenes);
});

/** Mean difference of the greys to those that were drawn. */
const difference = ({ luma, width, height }: Picture, other = wanted): number => {
  expect([width, height]).toEqual([other.width, other.height]);
  expect(luma.length).toBe(width * height);
  expect(luma.buffer).toBeInstanceOf(SharedArrayBuffer);
  return luma.reduce((sum, value, at) => sum + Math.abs(value - (other.luma[at] ?? 0)), 0) / luma.length;
};
const made = async (change: (image: Sharp) => Sharp): Promise<Picture> =>
  decodeStill(await change(sharp(png)).toBuffer());

describe("what is a picture", () => {
  test("a PNG is decoded to the pixel, colours included", async () => {
    const picture = await decodeStill(png);
    expect(difference(picture)).toBe(0);
    expect(picture.colour).toEqual(wanted.colour);
  });

  test("a JPEG's greys are its own luma, as a grey decoding gives them", async () => {
    const jpeg = await sharp(png).jpeg({ quality: 90, chromaSubsampling: "4:4:4" }).toBuffer();
    expect(difference(await decodeStill(jpeg))).toBeLessThan(1);
  });

  test.each([
    ["a progressive JPEG", (image: Sharp) => image.jpeg({ progressive: true, quality: 90 }), 1],
    ["a JPEG of a printing house (CMYK)", (image: Sharp) => image.toColourspace("cmyk").jpeg({ quality: 95 }), 12],
    ["16 bits a channel", (image: Sharp) => image.toColourspace("rgb16").png(), 1],
    ["an opaque alpha channel", (image: Sharp) => image.ensureAlpha(1).png(), 0.01],
    ["WebP", (image: Sharp) => image.webp({ quality: 90 }), 2],
    ["AVIF", (image: Sharp) => image.avif({ quality: 80, effort: 0 }), 2],
    ["TIFF", (image: Sharp) => image.tiff({ compression: "lzw" }), 0.01],
    ["GIF", (image: Sharp) => image.gif(), 6],
  ])("%s shows the same", async (_, change, most) => {
    const picture = await made(change);
    expect(picture.colour.form).toBe("rgb");
    expect(difference(picture)).toBeLessThan(most);
  });

  test.each([
    ["8", (image: Sharp) => image.toColourspace("b-w").jpeg({ quality: 95 })],
    ["16", (image: Sharp) => image.toColourspace("grey16").png()],
  ])("a grey file of %s bits has no colours and one plane", async (_, change) => {
    const picture = await made(change);
    expect(picture.colour).toEqual({ form: "grey" });
    expect(picture.luma.length).toBe(1280 * 720);
    expect(picture.luma.some((value) => value > 150)).toBe(true);
  });

  test("what is transparent is white, not what may lie hidden below", async () => {
    const hidden = { width: 64, height: 64, channels: 4 as const, background: { r: 0, g: 0, b: 0, alpha: 0 } };
    const { luma } = await decodeStill(await sharp({ create: hidden }).png().toBuffer());
    expect(luma.every((value) => value === 255)).toBe(true);
  });

  test.each<[number, ...((image: Sharp) => Sharp)[]]>([
    [2, (image) => image.flop()],
    [3, (image) => image.rotate(180)],
    [4, (image) => image.flip()],
    [5, (image) => image.rotate(90), (image) => image.flop()],
    [6, (image) => image.rotate(270)],
    [7, (image) => image.rotate(270), (image) => image.flop()],
    [8, (image) => image.rotate(90)],
  ])("a picture that asks to be turned is upright (EXIF %i)", async (orientation, ...turns) => {
    let stored: Buffer = png;
    for (const turn of turns) stored = await turn(sharp(stored)).png().toBuffer();
    const file = await sharp(stored).withMetadata({ orientation }).png().toBuffer();
    expect(difference(await decodeStill(file))).toBe(0);
    const smaller = { too_large: "shrink", most_pixels: 640 * 360 } as const;
    expect(difference(await decodeStill(file, smaller), await decodeStill(png, smaller))).toBeLessThan(0.1);
  });

  test("of a moving picture the first is taken", async () => {
    const frames = ["#000", "#fff", "#888"].map((background) => ({
      create: { width: 40, height: 30, channels: 3 as const, background },
    }));
    const pages = await Promise.all(frames.map((frame) => sharp(frame).png().toBuffer()));
    for (const file of [
      await sharp(pages, { join: { animated: true } })
        .gif()
        .toBuffer(),
      await sharp(pages, { join: { animated: true } })
        .webp({ lossless: true })
        .toBuffer(),
    ]) {
      const picture = await decodeStill(file);
      expect([picture.width, picture.height]).toEqual([40, 30]);
      expect(picture.luma.every((value) => value < 8)).toBe(true);
    }
  });
});

/** Of one bit a pixel: made in no time, and 196 million pixels all the same. */
const blackPng = (side: number, interlaced = false): Buffer => {
  const chunk = (name: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 1;
  header[12] = Number(interlaced);
  const pixels = deflateSync(Buffer.alloc(side * (1 + Math.ceil(side / 8))));
  const magic = Buffer.from("89504e470d0a1a0a", "hex");
  return Buffer.concat([magic, chunk("IHDR", header), chunk("IDAT", pixels), chunk("IEND", Buffer.alloc(0))]);
};

describe("what is none, or too much", () => {
  const refusal = (bytes: Uint8Array): Promise<unknown> => decodeStill(bytes).catch((error: unknown) => error);

  test.each([
    ["nothing", Buffer.alloc(0)],
    ["words", Buffer.from("this is no picture")],
    [
      "a drawing, which may ask for other files",
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    ],
    ["noise", Buffer.from(Uint8Array.from({ length: 4096 }, (_, at) => (at * 7919) >> 3))],
    ["a film", Buffer.from("000000186674797069736f6d0000020069736f6d69736f32", "hex")],
  ])("%s is refused as no picture", async (_, bytes) => {
    expect(await refusal(bytes)).toMatchObject({ code: "invalid", reason: "picture.unsupported" });
  });

  test("of a cut-off picture that is used which came", async () => {
    const jpeg = await sharp(png).jpeg({ quality: 90 }).toBuffer();
    const half = await decodeStill(jpeg.subarray(0, jpeg.length / 2));
    const upper = (picture: Picture): Uint8Array => picture.luma.subarray(0, 1280 * 300);
    const differences = upper(half).map((value, at) => Math.abs(value - (wanted.luma[at] ?? 0)));
    expect(differences.reduce((sum, value) => sum + value, 0) / differences.length).toBeLessThan(1);
    expect((await decodeStill(png.subarray(0, png.length / 2))).width).toBe(1280);
  });

  test("a picture of which nothing came is truncated", async () => {
    const jpeg = await sharp(png).jpeg().toBuffer();
    const scan = jpeg.indexOf(Buffer.of(0xff, 0xda));
    for (const bytes of [jpeg.subarray(0, 100), jpeg.subarray(0, scan + 20), png.subarray(0, 20), png.subarray(0, 200)])
      expect(await refusal(bytes)).toMatchObject({ code: "invalid", reason: "picture.truncated" });
  });

  test("a JPEG with damage inside is a picture still", async () => {
    const jpeg = Buffer.from(await sharp(png).jpeg().toBuffer());
    jpeg.fill(0x55, jpeg.length / 2, jpeg.length / 2 + 40);
    expect((await decodeStill(jpeg)).width).toBe(1280);
  });

  test("a huge picture is refused by its header, before a pixel of it is decoded", async () => {
    const bomb = blackPng(14_000);
    expect(bomb.length).toBeLessThan(1_000_000);
    const before = process.cpuUsage();
    expect(await refusal(bomb)).toMatchObject({
      code: "invalid",
      reason: "picture.too_large",
      params: { width: 14_000, height: 14_000 },
    });
    const { user } = process.cpuUsage(before);
    const decoding = process.cpuUsage();
    const small = await decodeStill(bomb, { too_large: "shrink", most_pixels: 1_000_000 });
    expect([small.width, small.height]).toEqual([1000, 1000]);
    expect(user).toBeLessThan(process.cpuUsage(decoding).user / 5);
  });

  test("of a kind that has to be held whole, less is made smaller", async () => {
    const smaller = { too_large: "shrink", most_pixels: 1_000_000 } as const;
    expect((await decodeStill(blackPng(8100), smaller)).width).toBe(1000);
    await expect(decodeStill(blackPng(8100, true), smaller)).rejects.toMatchObject({
      reason: "picture.too_large",
      params: { width: 8100, height: 8100 },
    });
  });
});

test("while a large picture becomes grey, whoever else waits has its turn", async () => {
  const pixels = new Uint8Array(3 * 2_000_000).fill(200);
  const luma = new Uint8Array(pixels.length / 3);
  const others: (number | undefined)[] = [];
  setImmediate(() => others.push(luma[0], luma.at(-1)));
  await lumaInTurns(pixels, luma);
  expect(others).toEqual([200, 0]);
  expect(luma.every((value) => value === 200)).toBe(true);
});

test("the decoder: content decides and not the name; what it did is counted", async () => {
  const decoder = openPictureDecoder({ log: noLog });
  try {
    expect(difference(await decoder.decode("camera", "jpeg", png))).toBe(0);
    await expect(decoder.decode("camera", "png", Buffer.from("words"))).rejects.toMatchObject({ code: "invalid" });
    expect(decoder.counts()).toEqual({ decoded: 1, refused: 1, skipped: 0, set_aside: 0, restarts: 0 });
  } finally {
    await decoder.close();
  }
});

test("of each source one picture waits: the newest", async () => {
  const decoder = openPictureDecoder({ log: noLog, parallel: 1 });
  try {
    const asked = ["one", "two", "two", "three"].map((source) => decoder.decode(source, "png", png));
    const [first, older, newer, other] = await Promise.allSettled(asked);
    expect([first?.status, newer?.status, other?.status]).toEqual(Array(3).fill("fulfilled"));
    expect(older).toMatchObject({ reason: { code: "unavailable", reason: "picture.superseded" } });
    expect(decoder.counts()).toEqual({ decoded: 3, refused: 0, skipped: 1, set_aside: 0, restarts: 0 });
  } finally {
    await decoder.close();
  }
});

test("key frames go to the decoder of key frames", async () => {
  const asked: string[] = [];
  const decoder = openPictureDecoder({
    log: noLog,
    key_frames: {
      decode: (source, codec) => (asked.push(`${source} ${codec}`), Promise.resolve(wanted)),
      counts: () => ({ decoded: 5, refused: 4, skipped: 3, restarts: 2, set_aside: 1 }),
      close: () => Promise.resolve(),
    },
  });
  expect(await decoder.decode("camera", "h265", Buffer.alloc(4))).toBe(wanted);
  expect(asked).toEqual(["camera h265"]);
  expect(decoder.counts()).toEqual({ decoded: 5, refused: 4, skipped: 3, set_aside: 1, restarts: 2 });
  await decoder.close();
});
