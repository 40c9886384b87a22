/** What `npm run read-plates -- …` understands. */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { DetectorPixels } from "#lib/vision/detector-size.ts";

export type Options = {
  sources: string[];
  json: boolean;
  /** A folder for pictures with what was found. */
  draw: string | null;
  min_confidence: number;
  per_second: number;
  seconds: number | null;
  models: string;
  workers: number | null;
  detector_pixels: DetectorPixels;
};

export const help = `Reads plates from pictures and videos, on this machine alone: nothing is sent or kept.

  npm run read-plates -- FILE …            pictures (JPEG, PNG, WebP, AVIF, TIFF, GIF) or videos
  npm run read-plates -- FOLDER            all of them in it and below, in order; through links too, each file once
  npm run read-plates -- rtsp://…          a camera, until Ctrl-C. Its password is seen by who lists this machine's programs
                --json                     one JSON object a line instead of a table; npm itself is quiet with npm run --silent
                --draw DIR                 writes each picture with box, corners, text and other readings, as *.plates.jpg by its
                                           path below what all sources have in common; in a folder such files are not read
                --min-confidence N         leaves out what is less certain, 0 to 1 (default 0)
                --per-second N             pictures of a second of video that are looked at (default 3)
                --seconds N                of each video or camera only so long
                --models DIR               other networks than those of the checkout
                --detector-pixels N        pixels of a picture that the detector is shown (default: by its size, 245760 to 942080)
                --workers N                pictures looked at at once (default: two, or one where there is one core)

A line: {"file", "time", "width", "height", "plates": [{"text", "confidence", "alternatives", "layout", "rows", "box", "corners",
"score", "vehicle"}]}. "time": seconds from the beginning of a video, null for a picture. "text": null for a plate that cannot be
read. Pixels are those of the upright picture; one of more than 36 megapixels is made smaller first ("width", "height" say so),
up to 400 megapixels (progressive JPEG, interlaced PNG and GIF: 64; AVIF: none).
What cannot be looked at has a line with "error" instead of plates, and makes the exit code 1. So has a video that is shorter than
it says, and a camera that ends before Ctrl-C or --seconds, after what came of it. A video that does not say how long it is (AVI,
MPEG-TS, bare streams) is taken as it is; what FFmpeg says of damage in it is told beside the lines.`;

/** `null`: help is wanted. Throws one sentence for people. `from`: where relative names begin. */
export const readOptions = (args: string[], from: string): Options | null => {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      draw: { type: "string" },
      "min-confidence": { type: "string", default: "0" },
      "per-second": { type: "string", default: "3" },
      seconds: { type: "string" },
      models: { type: "string", default: join(import.meta.dirname, "../../models") },
      workers: { type: "string" },
      "detector-pixels": { type: "string", default: "auto" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return null;
  if (positionals.length === 0) throw new Error(`Which picture, folder, video or camera?\n\n${help}`);
  return {
    sources: positionals.map((source) => (isCamera(source) ? source : resolve(from, source))),
    json: values.json,
    draw: values.draw === undefined ? null : resolve(from, values.draw),
    min_confidence: numberOf("--min-confidence", values["min-confidence"], 0, 1),
    per_second: numberOf("--per-second", values["per-second"], 0.01, 60),
    seconds: values.seconds === undefined ? null : numberOf("--seconds", values.seconds, 0.01, 1e9),
    models: resolve(from, values.models),
    workers: values.workers === undefined ? null : Math.round(numberOf("--workers", values.workers, 1, 64)),
    detector_pixels:
      values["detector-pixels"] === "auto"
        ? "auto"
        : numberOf("--detector-pixels", values["detector-pixels"], 20_480, 4_000_000),
  };
};

export const isCamera = (source: string): boolean => /^rtsps?:\/\//i.test(source);

const numberOf = (name: string, text: string, least: number, most: number): number => {
  const number = Number(text);
  if (text.trim() === "" || !(number >= least && number <= most))
    throw new Error(`${name} takes a number from ${least} to ${most}, not “${text}”.`);
  return number;
};
