import sharp from "sharp";
import { expect, test } from "vitest";
import { LOOP_FRAMES, planTraffic } from "#demo/traffic.ts";
import { readFrameCode } from "./frame-code.ts";
import { rasterPlate } from "./rasters.ts";
import { readDrawnPlate } from "./read-plate.ts";
import { blankFor, drawFrame, prepareScene, stageOf, vehicleOf } from "./scenes.ts";
import { streets } from "./streets.ts";

const stageFor = async (camera: number, seed: string) => {
  const street = streets[camera];
  if (!street) throw new Error("no such street");
  return stageOf(await prepareScene(camera, street, planTraffic(seed)[camera] ?? [], seed), seed, 1);
};

const drawn = (stage: Awaited<ReturnType<typeof stageFor>>, frame: number) => {
  const planes = blankFor(stage);
  drawFrame(stage, frame, planes);
  return planes;
};

test("a picture is decided by seed, camera and number, whatever was drawn before it", async () => {
  const [first, second, other] = await Promise.all([stageFor(3, "one"), stageFor(3, "one"), stageFor(3, "two")]);
  const wanted = Buffer.from(drawn(first, 240).bytes);
  drawn(second, 17);
  expect(wanted.equals(drawn(second, 240).bytes)).toBe(true);
  expect(wanted.equals(drawn(other, 240).bytes)).toBe(false);
  expect(wanted.equals(drawn(first, 241).bytes)).toBe(false);
});

test("every picture carries its camera's and its own number", async () => {
  const stage = await stageFor(2, "one");
  for (let frame = 0; frame < LOOP_FRAMES; frame += 71) {
    const { y, width, height } = drawn(stage, frame);
    expect(readFrameCode({ data: y, width, height })).toEqual({ camera: 2, frame });
  }
});

test("the plate that was drawn is read from its picture, in every street's light, of every kind and layout", async () => {
  const traffic = planTraffic("plates");
  for (const [index, street] of streets.entries()) {
    for (const trip of traffic[index] ?? []) {
      const picture = await rasterPlate(vehicleOf(trip), street);
      expect(await readDrawnPlate(picture), `${trip.kind} in ${street.name}`).toBe(trip.plate);
    }
  }
}, 120_000);

test("one character is told from its look-alikes", async () => {
  const [street] = streets;
  const [trip] = planTraffic("a")[0] ?? [];
  if (!street || !trip) throw new Error("no traffic");
  for (const plate of ["WOQ0D08", "WDO8B06", "XIJ1I17", "YSZ5S25", "ZGC6G69", "ZUV7V71", "WMN3N38", "XBE4E48"]) {
    const picture = await rasterPlate(vehicleOf({ ...trip, kind: "hatch", plate, layout: "mercosul" }), street);
    expect(await readDrawnPlate(picture)).toBe(plate);
  }
});

test("a picture without a plate reads as nothing", async () => {
  const { y, width, height } = drawn(await stageFor(0, "one"), 0);
  const jpeg = await sharp(y, { raw: { width, height, channels: 1 } })
    .jpeg()
    .toBuffer();
  expect(await readDrawnPlate(jpeg)).toBeNull();
});
