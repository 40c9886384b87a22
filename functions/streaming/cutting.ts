/** Makes the file of a clip: fragments as they were recorded, one after the other; FFmpeg only joins, it never decodes. */
import { spawn } from "node:child_process";
import { open, type FileHandle } from "node:fs/promises";
import { AppError } from "#lib/errors.ts";
import { readFragments, readInit, setDecodeTime } from "#lib/media/fmp4.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import type { Piece } from "./cut-plan.ts";
import type { SegmentRow } from "./segments.ts";

/** Throws `final` when what was recorded cannot be one file; `unavailable` when the store does not answer. */
export const joinPieces = async (objects: ObjectStore, pieces: readonly Piece[], file: string): Promise<void> => {
  const out = await open(file, "wx");
  try {
    await writePieces(objects, pieces, out);
  } finally {
    await out.close();
  }
};

/** Pieces that lie side by side in one segment are one read. */
const writePieces = async (objects: ObjectStore, pieces: readonly Piece[], out: FileHandle): Promise<void> => {
  let ticks = 0;
  let first: { codec: string; timescale: number } | null = null;
  for (const group of groupBySegment(pieces)) {
    const segment = group[0]?.segment as SegmentRow;
    const init = await readRange(objects, segment, 0, segment.init_length);
    const { codec, timescale } = mustRead(readInit(init));
    if (!first) {
      first = { codec: `${codec} ${segment.width}x${segment.height}`, timescale };
      await out.write(init);
    }
    if (first.codec !== `${codec} ${segment.width}x${segment.height}` || first.timescale !== timescale) {
      throw new AppError("final", "The camera's format changes inside the interval", { reason: "clip.format_changed" });
    }
    const [from, last] = [group[0]?.fragment.offset ?? 0, group.at(-1)?.fragment];
    const bytes = await readRange(objects, segment, from, (last?.offset ?? 0) + (last?.length ?? 0) - from);
    for (const fragment of readFragments(bytes)) {
      const part = bytes.subarray(fragment.offset, fragment.offset + fragment.length);
      setDecodeTime(part, ticks);
      ticks += fragment.duration;
      await out.write(part);
    }
  }
};

const groupBySegment = (pieces: readonly Piece[]): Piece[][] => {
  const groups: Piece[][] = [];
  for (const piece of pieces) {
    const group = groups.at(-1);
    if (group?.[0]?.segment.id === piece.segment.id) group.push(piece);
    else groups.push([piece]);
  }
  return groups;
};

const mustRead = <T>(value: T | null): T => {
  if (value === null) throw new AppError("final", "A segment cannot be read", { reason: "clip.segment_unreadable" });
  return value;
};

const readRange = async (
  objects: ObjectStore,
  segment: SegmentRow,
  offset: number,
  length: number,
): Promise<Uint8Array> => {
  const bytes = await objects.get("recordings", segment.object_key, { offset, length });
  if (!bytes || bytes.byteLength !== length) {
    throw new AppError("final", "A segment that is listed is not in the store", { reason: "clip.segment_missing" });
  }
  return bytes;
};

/** Copies into an MP4 that plays from its beginning while it is still loading. No edit list: players differ about them. */
export const remux = (input: string, output: string, signal: AbortSignal): Promise<void> =>
  run(
    [
      "-i",
      input,
      "-map",
      "0:v",
      "-c",
      "copy",
      "-use_editlist",
      "0",
      "-avoid_negative_ts",
      "make_zero",
      "-movflags",
      "+faststart",
      "-f",
      "mp4",
      output,
    ],
    signal,
  );

export const firstPicture = (input: string, output: string, signal: AbortSignal): Promise<void> =>
  run(
    [
      "-i",
      input,
      "-frames:v",
      "1",
      "-vf",
      "scale=160:90:force_original_aspect_ratio=decrease,pad=160:90:(ow-iw)/2:(oh-ih)/2",
      "-q:v",
      "5",
      "-f",
      "mjpeg",
      output,
    ],
    signal,
  );

const run = (args: readonly string[], signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const whole = ["-nostdin", "-v", "error", "-threads", "1", "-protocol_whitelist", "file,crypto,data", ...args];
    const child = spawn("ffmpeg", whole, { stdio: ["ignore", "ignore", "pipe"], signal, killSignal: "SIGKILL" });
    let words = "";
    child.stderr.on("data", (chunk: Buffer) => (words = (words + String(chunk)).slice(-2000)));
    child.on("error", (cause) =>
      reject(
        new AppError("unavailable", "FFmpeg could not be run", {
          reason: "clip.ffmpeg",
          retry_after_seconds: 30,
          cause,
        }),
      ),
    );
    child.on("close", (code) =>
      code === 0 ? resolve() : reject(new AppError("internal", `FFmpeg ended with ${code}: ${words.trim()}`)),
    );
  });
