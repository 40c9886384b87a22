/** Makes the file of a clip: fragments as they were recorded, one after the other; FFmpeg only joins, it never decodes. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";
import { AppError } from "#lib/errors.ts";
import { readFragments, readInit, setDecodeTime } from "#lib/media/fmp4.ts";
import type { ObjectStore } from "#lib/object-store/object-store.ts";
import type { Piece } from "./cut-plan.ts";
import type { SegmentRow } from "./segments.ts";

/** 160×90, as the thumbnails of cameras. */
const SMALL = "scale=160:90:force_original_aspect_ratio=decrease:flags=fast_bilinear,pad=160:90:(ow-iw)/2:(oh-ih)/2";

/** Throws `final` when what was recorded cannot be one file; `unavailable` when the store does not answer. */
export const joinPieces = async (objects: ObjectStore, pieces: readonly Piece[], file: string): Promise<void> => {
  const out = await open(file, "wx");
  try {
    await writePieces(objects, pieces, out);
  } finally {
    await out.close();
  }
};

const writePieces = async (objects: ObjectStore, pieces: readonly Piece[], out: FileHandle): Promise<void> => {
  let ticks = 0;
  let first: string | null = null;
  for (const group of groupBySegment(pieces)) {
    const { segment } = group[0] as Piece;
    const bytes = await readSegment(objects, segment);
    const init = bytes.subarray(0, segment.init_length);
    const format = formatOf(init);
    first ??= format;
    if (first !== format) {
      throw new AppError("final", "The camera's format changes inside the interval", { reason: "clip.format_changed" });
    }
    if (ticks === 0) await out.write(init);
    for (const { fragment } of group) {
      const part = bytes.subarray(fragment.offset, fragment.offset + fragment.length);
      for (const { offset, length, duration } of readFragments(part)) {
        const moved = part.subarray(offset, offset + length);
        setDecodeTime(moved, ticks);
        ticks += duration;
        await out.write(moved);
      }
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

const formatOf = (bytes: Uint8Array): string => {
  const init = readInit(bytes);
  if (!init) throw new AppError("final", "A segment cannot be read", { reason: "clip.segment_unreadable" });
  return `${init.codec} ${init.width}x${init.height} ${init.timescale}`;
};

/** Whole, although a part would do: a clip is evidence, and only the whole has a hash to be checked. */
const readSegment = async (objects: ObjectStore, { object_key, sha256 }: SegmentRow): Promise<Uint8Array> => {
  const bytes = await objects.get("recordings", object_key).catch((error: unknown) => {
    if (error instanceof AppError && error.reason === "object.damaged") throw damaged(error);
    throw error;
  });
  if (!bytes) {
    throw new AppError("final", "A segment that is listed is not in the store", { reason: "clip.segment_missing" });
  }
  if (createHash("sha256").update(bytes).digest("hex") !== sha256) throw damaged();
  return bytes;
};

const damaged = (cause?: unknown): AppError =>
  new AppError("final", "A segment is not what was recorded", { reason: "clip.segment_damaged", cause });

/** Copies into an MP4 that plays from its beginning while it is still loading. No edit list: players differ about them. */
export const remux = (from: string, to: string, signal: AbortSignal): Promise<void> =>
  run(
    [
      ["-i", from, "-map", "0:v", "-c", "copy"],
      ["-use_editlist", "0", "-avoid_negative_ts", "make_zero", "-movflags", "+faststart"],
      ["-f", "mp4", to],
    ].flat(),
    signal,
  );

export const firstPicture = (from: string, to: string, signal: AbortSignal): Promise<void> =>
  run(["-i", from, "-frames:v", "1", "-vf", SMALL, "-q:v", "5", "-f", "mjpeg", to], signal);

const run = (args: readonly string[], signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const whole = ["-nostdin", "-v", "error", "-threads", "1", "-protocol_whitelist", "file,crypto,data", ...args];
    const child = spawn("ffmpeg", whole, { stdio: ["ignore", "ignore", "pipe"], signal, killSignal: "SIGKILL" });
    let words = "";
    child.stderr.on("data", (chunk: Buffer) => (words = (words + String(chunk)).slice(-2000)));
    child.on("error", (cause) => reject(cannotRun("FFmpeg could not be run", cause)));
    child.on("close", (code) => {
      if (code === 0) resolve();
      else if (code === null || words.includes("No space left")) reject(cannotRun("FFmpeg was stopped"));
      // The bytes are what was recorded: another attempt would hear the same.
      else reject(new AppError("final", `FFmpeg ended with ${code}: ${words.trim()}`, { reason: "clip.cannot_join" }));
    });
  });

const cannotRun = (message: string, cause?: unknown): AppError =>
  new AppError("unavailable", message, { reason: "clip.ffmpeg", retry_after_seconds: 30, cause });
