/** Pictures one after the other, wherever they are from. */
import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join, relative } from "node:path";
import { AppError } from "#lib/errors.ts";
import type { Picture } from "#lib/vision/picture.ts";
import { decodeStill } from "#lib/vision/still-pictures.ts";
import { isCamera } from "./options.ts";
import { videoFrames } from "./video-frames.ts";

export type Look = {
  /** As people know it: without the password of a camera. */
  file: string;
  /** Seconds from the beginning of a video. */
  time: number | null;
  /** For a file of its own beside others. */
  name: string;
  picture(): Promise<Picture>;
};

export type LookOptions = { per_second: number; seconds: number | null; signal: AbortSignal };

const videos = new Set(
  ".mp4 .m4v .mov .mkv .webm .avi .ts .m2ts .mpg .mpeg .flv .wmv .3gp .h264 .264 .h265 .265 .hevc".split(" "),
);

/** Never throws over one source: that one's look throws when its picture is asked for. */
export async function* looksAt(sources: readonly string[], options: LookOptions): AsyncGenerator<Look> {
  for (const source of sources) {
    if (isCamera(source)) yield* lookAtVideo(source, withoutPassword(source), "camera", options);
    else yield* lookAtFile(source, options);
    if (options.signal.aborted) return;
  }
}

async function* lookAtFile(source: string, options: LookOptions): AsyncGenerator<Look> {
  const about = statSync(source, { throwIfNoEntry: false });
  if (!about) yield failing(source, new AppError("invalid", "There is no such file", { reason: "file.missing" }));
  else if (!about.isDirectory()) yield* lookAt(source, source.slice(source.lastIndexOf("/") + 1), options, true);
  else {
    const below = readdirSync(source, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }));
    for (const file of below) {
      if (options.signal.aborted) return;
      yield* lookAt(file, relative(source, file), options, false);
    }
  }
}

/** A picture is known by its content, a video by its name, or because somebody named it. */
async function* lookAt(file: string, name: string, options: LookOptions, named: boolean): AsyncGenerator<Look> {
  if (isStill(file)) yield { file, time: null, name, picture: () => decodeFile(file) };
  else if (videos.has(extname(file).toLowerCase())) yield* lookAtVideo(file, file, name, options);
  else if (named)
    yield failing(file, new AppError("invalid", "No picture, no video", { reason: "picture.unsupported" }));
}

const failing = (file: string, error: Error): Look => ({
  file,
  time: null,
  name: file,
  picture: () => Promise.reject(error),
});

async function* lookAtVideo(source: string, file: string, name: string, options: LookOptions): AsyncGenerator<Look> {
  try {
    for await (const { time, picture } of videoFrames(source, options))
      yield {
        file,
        time,
        name: `${name}-${time.toFixed(2).padStart(9, "0")}`,
        picture: () => Promise.resolve(picture),
      };
  } catch (error) {
    if (!options.signal.aborted) yield failing(file, error as Error);
  }
}

const decodeFile = async (file: string): Promise<Picture> => decodeStill(await readFile(file), { too_large: "shrink" });

const beginnings: readonly (readonly [number, string])[] = [
  [0, "ffd8ff"],
  [0, "89504e47"],
  [0, "47494638"],
  [0, "49492a00"],
  [0, "4d4d002a"],
  [8, "57454250"],
  [8, "61766966"],
  [8, "61766973"],
];
const LONGEST = 16;

const isStill = (file: string): boolean => {
  const begin = Buffer.alloc(LONGEST);
  const handle = openSync(file, "r");
  readSync(handle, begin, 0, LONGEST, 0);
  closeSync(handle);
  return beginnings.some(([at, hex]) => begin.toString("hex", at).startsWith(hex));
};

const withoutPassword = (address: string): string => {
  if (!URL.canParse(address)) return "rtsp://…";
  const url = new URL(address);
  url.username = "";
  url.password = "";
  return url.href;
};
