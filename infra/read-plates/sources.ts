/** Pictures one after the other, wherever they are from. */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, extname, relative, sep } from "node:path";
import type { Picture } from "#lib/vision/picture.ts";
import { AppError } from "#lib/errors.ts";
import { decodeStill } from "#lib/vision/still-pictures.ts";
import { isDrawing } from "./drawing.ts";
import { entriesOf, unreadable, type Seen } from "./listing.ts";
import { isCamera } from "./options.ts";
import { videoFrames } from "./video-frames.ts";

export type Look = {
  /** As people know it: without the password of a camera. */
  file: string;
  /** Seconds from the beginning of a video. */
  time: number | null;
  /** For a file of its own beside others: no two looks of a run share one. */
  name: string;
  picture(): Promise<Picture>;
};

export type LookOptions = {
  per_second: number;
  seconds: number | null;
  signal: AbortSignal;
  /** What people should know of what is not looked at, and is no fault. */
  note(words: string): void;
};

const videos = new Set(
  ".mp4 .m4v .mov .mkv .webm .avi .ts .m2ts .mpg .mpeg .flv .wmv .3gp .h264 .264 .h265 .265 .hevc".split(" "),
);

/** Never throws over one source: that one's look throws when its picture is asked for. */
export async function* looksAt(sources: readonly string[], options: LookOptions): AsyncGenerator<Look> {
  const base = commonFolder(sources.filter((source) => !isCamera(source)));
  const seen: Seen = new Map();
  let [cameras, others] = [0, 0];
  for (const source of sources) {
    if (isCamera(source)) {
      cameras += 1;
      yield* lookAtVideo(source, withoutPassword(source), cameras === 1 ? "camera" : `camera-${cameras}`, options);
      continue;
    }
    for (const entry of entriesOf(source, seen)) {
      if (options.signal.aborted) return;
      const [file, name] = [entry.path, relative(base, entry.path) || entry.path];
      const is = entry.kind === "file" ? kindOf(entry) : entry;
      if (is.kind === "again") options.note(`${file} is ${is.first} once more: passed over`);
      else if (is.kind === "other") others += 1;
      else if (is.kind === "video") yield* lookAtVideo(file, file, name, options);
      else if (is.kind === "fault") yield failing(file, null, name, is.error);
      else yield { file, time: null, name, picture: () => decodeFile(file) };
    }
  }
  if (others > 0) options.note(`${others} other files passed over: no picture, no video, or a drawing of this program`);
}

/** What all named files and folders have in common: below it each has a path of its own. */
const commonFolder = (files: readonly string[]): string => {
  const folders = files.map((file) =>
    (statSync(file, { throwIfNoEntry: false })?.isDirectory() ? file : dirname(file)).split(sep),
  );
  const [first = []] = folders;
  const apart = first.findIndex((part, at) => folders.some((parts) => parts[at] !== part));
  return first.slice(0, apart < 0 ? first.length : apart).join(sep) || sep;
};

type Kind = { kind: "picture" | "video" | "other" } | { kind: "fault"; error: AppError };

/** A picture is known by its content, a video by its name, or because somebody named it. */
const kindOf = ({ path, named }: { path: string; named: boolean }): Kind => {
  if (!named && isDrawing(path)) return { kind: "other" };
  try {
    if (isStill(path)) return { kind: "picture" };
  } catch (error) {
    return { kind: "fault", error: unreadable(error) };
  }
  if (videos.has(extname(path).toLowerCase())) return { kind: "video" };
  if (!named) return { kind: "other" };
  return {
    kind: "fault",
    error: new AppError("invalid", "No picture, no video", { reason: "picture.unsupported" }),
  };
};

const failing = (file: string, time: number | null, name: string, error: unknown): Look => ({
  file,
  time,
  name,
  picture: () => Promise.reject(error as Error),
});

async function* lookAtVideo(source: string, file: string, name: string, options: LookOptions): AsyncGenerator<Look> {
  let time: number | null = null;
  // The source may hold a password.
  const note = (words: string): void => options.note(`${file}: ${words}`);
  try {
    for await (const frame of videoFrames(source, { ...options, note })) {
      time = frame.time;
      const { picture } = frame;
      yield {
        file,
        time,
        name: `${name}-${time.toFixed(2).padStart(9, "0")}`,
        picture: () => Promise.resolve(picture),
      };
    }
  } catch (error) {
    if (!options.signal.aborted) yield failing(file, time, name, error);
  }
}

/** Between its listing and its turn it may have gone. */
const decodeFile = async (file: string): Promise<Picture> => {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw unreadable(error);
  });
  return decodeStill(bytes, { too_large: "shrink" });
};

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
  try {
    readSync(handle, begin, 0, LONGEST, 0);
  } finally {
    closeSync(handle);
  }
  return beginnings.some(([at, hex]) => begin.toString("hex", at).startsWith(hex));
};

const withoutPassword = (address: string): string => {
  if (!URL.canParse(address)) return "rtsp://…";
  const url = new URL(address);
  url.username = "";
  url.password = "";
  return url.href;
};
