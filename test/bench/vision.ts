/**
 * `node test/bench/vision.ts [--rounds 40] [--detector-pixels 245760]`: CPU time from a decoded 1080p picture to the text of its plate, part by part and as the
 * product does it, beside a graph of the shape of YOLOv8n at 640 and a bare copy of the pixels, in the same run.
 * `--detector-pixels`: pixels for the detector, where they are not to follow from the size of the picture.
 * One thread each; the least and the median of the rounds, which alternate.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as ort from "onnxruntime-node";
import sharp from "sharp";
import { noLog } from "#lib/log.ts";
import { findPlates } from "#lib/vision/find-plates.ts";
import { readModelFiles } from "#lib/vision/model-files.ts";
import { openNetworks } from "#lib/vision/networks.ts";
import { openVision } from "#lib/vision/open-vision.ts";
import { detectorSize } from "#lib/vision/detector-size.ts";
import { scaleLuma } from "#lib/vision/scale.ts";
import { decodeStill } from "#lib/vision/still-pictures.ts";
import { drawnPng, plateScenes } from "#test/harness/drawn-plates.ts";
import { percentile } from "./processes.ts";
import { yoloGraph } from "./yolo-graph.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "40" }, "detector-pixels": { type: "string" } },
});
const shown = values["detector-pixels"] === undefined ? "auto" : Number(values["detector-pixels"]);
const folder = join(import.meta.dirname, "../../models");
const full_hd = { width: 1920, height: 1080 };
const SIDE = 640;
/** 20 ms from a picture of 1080p to its text, where that shape takes 103. */
const MOST_OF_PEER = 20 / 103;
const MOST_BYTES = 400e6;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

const jpeg = await sharp(await drawnPng(plateScenes.slice(0, 1)))
  .resize(full_hd)
  .jpeg({ quality: 85 })
  .toBuffer();
const picture = await decodeStill(jpeg);

const bare = process.memoryUsage().rss;
const how = { folder, workers: 1, provider: "cpu", detector_pixels: shown, log: noLog } as const;
const vision = await openVision(how);
for (let turn = 0; turn < 10; turn += 1) await vision.find(picture);
const one = process.memoryUsage().rss;
const two = await openVision(how);
for (let turn = 0; turn < 10; turn += 1) await two.find(picture);
const both = process.memoryUsage().rss;
await two.close();

const models = await readModelFiles(folder);
if ("reason" in models) throw new Error(models.reason);
const { networks } = await openNetworks(models.files, "cpu");
const size = detectorSize(picture, shown);
const small = { ...size, luma: scaleLuma(picture.luma, picture, size) };
const found = await findPlates(networks, picture, shown);
const corners = Float32Array.from(found.plates[0]?.corners.flatMap(({ x, y }) => [x, y]) ?? []);
const options = { intraOpNumThreads: 1, interOpNumThreads: 1 };
const yolo = await ort.InferenceSession.create(yoloGraph(SIDE), options);
const images = new ort.Tensor("float32", new Float32Array(3 * SIDE * SIDE).fill(0.5), [1, 3, SIDE, SIDE]);
const target = new Uint8Array(picture.luma.length);

const parts: Record<string, () => unknown> = {
  "copy of the luma": () => target.set(picture.luma),
  "scaled for the detector": () => scaleLuma(picture.luma, picture, size),
  detector: () => networks.detect(small),
  refiner: () => networks.refine(picture, corners),
  reader: () => networks.read(picture, corners),
  "1080p to text, all of it": () => findPlates(networks, picture, shown),
  "the same through a worker": () => vision.find(picture),
  "JPEG to picture (luma and colours)": () => decodeStill(jpeg),
  "shape of YOLOv8n at 640": () => yolo.run({ images }),
};
const taken = new Map(Object.keys(parts).map((name) => [name, [] as number[]]));
for (let round = 0; round < Number(values.rounds) + 3; round += 1) {
  for (const [name, work] of Object.entries(parts)) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    // The first rounds are the compiler's.
    if (round >= 3) taken.get(name)?.push((user + system) / 1000);
  }
}
await vision.close();

const least = (name: string): number => Math.min(...(taken.get(name) ?? []));
const peer = least("shape of YOLOv8n at 640");
console.log(
  `${found.plates.length} plate(s) in the picture; ${values.rounds} rounds, detector at ${size.width}×${size.height}, ms of CPU`,
);
for (const [name, times] of taken) {
  const ratio = (least(name) / peer).toFixed(3);
  console.log(
    `${name.padEnd(36)} least ${least(name).toFixed(2).padStart(7)}  median ${percentile(times, 0.5).toFixed(2).padStart(7)}  ${ratio} of YOLOv8n`,
  );
}
const networksOnly = least("detector") + least("refiner") + least("reader");
console.log(
  `detector + refiner + reader          ${networksOnly.toFixed(2)} ms, ${(networksOnly / peer).toFixed(3)} of YOLOv8n`,
);
console.log(
  `scaling is ${(least("scaled for the detector") / least("copy of the luma")).toFixed(1)} times a copy of the pixels`,
);
console.log(`memory: ${megabytes(bare)} before, ${megabytes(one)} with one worker, ${megabytes(both)} with two`);
const whole = least("1080p to text, all of it") / peer;
if (whole > MOST_OF_PEER || both > MOST_BYTES) {
  console.log(
    `Not held: ${whole.toFixed(3)} of YOLOv8n's shape (at most ${MOST_OF_PEER.toFixed(3)}), ${megabytes(both)} (400)`,
  );
  process.exitCode = 1;
}
