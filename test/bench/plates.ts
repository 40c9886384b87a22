/**
 * `node test/bench/plates.ts [--detector-pixels N] [--python PYTHON] [--tesseract]`: how many plates of the pictures that choose between networks
 * ($GT_SAMPLES/lpr/validation/barra-do-pirai) are read right by the product, from the whole picture to the text.
 * `--detector-pixels`: so many pixels for the detector, instead of as many as the size of the picture says.
 * `--python`: the same pictures by the reference in `training/` (the interpreter of its environment), plate for plate.
 * `--tesseract`: the same plates, straightened by our corners, by Tesseract where it is installed.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { createLog } from "#lib/log.ts";
import { LEAST_SURE } from "#lib/vision/find-plates.ts";
import { openVision } from "#lib/vision/open-vision.ts";
import { rgbOf } from "#lib/vision/pixels.ts";
import { decodeStill } from "#lib/vision/still-pictures.ts";
import type { PlateFound } from "#lib/vision/vision.ts";
import { intervalOf } from "./intervals.ts";

const root = join(import.meta.dirname, "../..");
const { values } = parseArgs({
  options: {
    "detector-pixels": { type: "string" },
    python: { type: "string" },
    tesseract: { type: "boolean", default: false },
  },
});
const samples = process.env.GT_SAMPLES;
if (!samples) throw new Error("GT_SAMPLES names the folder that holds lpr/validation");
const folder = join(samples, "lpr/validation/barra-do-pirai");

const [LEAST_RIGHT, MOST_WRONG] = [0.93, 0.015];

type Label = { file: string; plate: string; layout: string; quality: string };
const [head = "", ...rows] = readFileSync(join(folder, "labels.csv"), "utf8").trim().split(/\r?\n/);
const names = head.split(",");
const labels = rows.map((row) => Object.fromEntries(row.split(",").map((cell, at) => [names[at], cell])) as Label);

type Answer = Label & { found: PlateFound[]; crop: Buffer | null };

const textOf = (found: PlateFound | undefined): string | null => found?.text ?? null;
const isRight = ({ found, plate }: Answer): boolean => found[0]?.text === plate;

const vision = await openVision({
  folder: join(root, "models"),
  workers: 1,
  detector_pixels: values["detector-pixels"] === undefined ? "auto" : Number(values["detector-pixels"]),
  log: createLog({ context: "bench", level: "warn" }),
});
const answers: Answer[] = [];
for (const label of labels) {
  const picture = await decodeStill(readFileSync(join(folder, label.file)));
  const found = await vision.find(picture);
  const [best] = found;
  const part = best && rgbOf(picture, best.box);
  const raw = part && { width: part.width, height: part.height, channels: part.channels };
  const crop =
    part && raw ? await sharp(part.bytes, { raw }).resize({ height: 96 }).greyscale().png().toBuffer() : null;
  answers.push({ ...label, found, crop });
}
await vision.close();

const share = (title: string, part: readonly Answer[], right = part.filter(isRight).length): void => {
  const [low, high] = intervalOf(right, part.length);
  const percent = (value: number): string => (100 * value).toFixed(1);
  console.log(
    `${title.padEnd(34)} ${right}/${part.length}  ${percent(right / part.length)} %  (${percent(low)}–${percent(high)})`,
  );
};

share("whole picture, text exact", answers);
for (const layout of ["old", "mercosul"])
  share(
    `of these ${layout}`,
    answers.filter((one) => one.layout === layout),
  );
for (const quality of ["ok", "hard"])
  share(
    `of these ${quality}`,
    answers.filter((one) => one.quality === quality),
  );
const beside = answers.reduce((sum, { found }) => sum + Math.max(0, found.length - 1), 0) / answers.length;
console.log(`further plates a picture ${beside.toFixed(2)} (some are real ones without a label)`);
const surest = answers.map((one) => ({ sure: one.found[0]?.confidence ?? 0, right: isRight(one), of: one.quality }));
const good = surest.filter(({ of }) => of === "ok").map(({ sure }) => sure);
const threshold = good.toSorted((a, b) => b - a)[Math.ceil(good.length * 0.85) - 1] ?? 1;
const accepted = surest.filter(({ sure }) => sure >= threshold);
const wrong = accepted.filter(({ right }) => !right).length;
const [low, high] = intervalOf(wrong, accepted.length).map((value) => (100 * value).toFixed(1));
console.log(`wrong among accepted (≥ ${threshold.toFixed(3)}) ${wrong}/${accepted.length} (${low}–${high} %)`);

if (answers.filter(isRight).length < LEAST_RIGHT * answers.length || wrong > MOST_WRONG * accepted.length)
  process.exitCode = 1;
if (values.python !== undefined) compare(values.python);
if (values.tesseract) byTesseract();

/** Each plate that the product names against the reference's at the same place. */
function compare(python: string): void {
  type Theirs = { text: string; confidence: number; corners: [number, number][] };
  const files = labels.map(({ file }) => join(folder, file));
  const { stdout, status } = spawnSync(python, ["-m", "gtplates.answers", ...files], {
    cwd: join(root, "training"),
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error("the reference failed");
  const reference = new Map(
    stdout
      .trim()
      .split("\n")
      .map((line) => {
        const { file, plates } = JSON.parse(line) as { file: string; plates: Theirs[] };
        return [basename(file), plates] as const;
      }),
  );
  const same = { answers: 0, plates: 0, of: 0, right: 0 };
  const [corners, confidences]: [number[], number[]] = [[], []];
  const apart = (ours: PlateFound, { corners: theirs }: Theirs): number =>
    Math.max(...ours.corners.map(({ x, y }, at) => Math.hypot(x - (theirs[at]?.[0] ?? 0), y - (theirs[at]?.[1] ?? 0))));
  for (const { file, plate, found } of answers) {
    // The reference guesses at everything; what the product calls unreadable is no answer of either.
    const plates = (reference.get(file) ?? []).filter(({ confidence }) => confidence >= LEAST_SURE);
    same.right += Number(plates[0]?.text === plate);
    if (textOf(found[0]) === (plates[0]?.text ?? null)) same.answers += 1;
    else console.log(`  ${file}: another answer (${textOf(found[0]) === plate ? "ours" : "theirs or none"} is right)`);
    for (const ours of found.filter(({ text }) => text !== null)) {
      const nearest = plates.toSorted((a, b) => apart(ours, a) - apart(ours, b))[0];
      if (!nearest) continue;
      same.of += 1;
      same.plates += Number(nearest.text === textOf(ours));
      corners.push(apart(ours, nearest));
      confidences.push(Math.abs(nearest.confidence - ours.confidence));
    }
  }
  const most = (values: number[]): string => Math.max(...values).toFixed(3);
  console.log(`reference: ${same.right}/${labels.length} right; the same answer in ${same.answers}/${labels.length}`);
  console.log(`every plate named: the same text in ${same.plates}/${same.of}`);
  console.log(`farthest corner ${most(corners)} px, farthest confidence ${most(confidences)}`);
}

function byTesseract(): void {
  if (spawnSync("tesseract", ["--version"]).status !== 0) {
    console.log("tesseract is not installed (apt: tesseract-ocr): left out");
    return;
  }
  const allowed = "tessedit_char_whitelist=ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  const right = answers.filter(({ crop, plate }) => {
    if (!crop) return false;
    const read = spawnSync("tesseract", ["-", "-", "--psm", "7", "-c", allowed], { input: crop, encoding: "utf8" });
    return read.stdout.replaceAll(/[^A-Z0-9]/g, "").includes(plate);
  });
  share("Tesseract, box of our find", answers, right.length);
}
