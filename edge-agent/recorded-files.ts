/** What becomes of recorded files: finished, or left behind by a recorder that is gone, they are kept as segments of the journal. */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { Fragment, NewSegment } from "#functions/streaming/contract.ts";
import { uuidv7 } from "#lib/ids.ts";
import type { Log } from "#lib/log.ts";
import { readFragments, readInit } from "#lib/media/fmp4.ts";
import type { LeftBehind, Run, Unfinished } from "./spool-files.ts";
import type { Spool } from "./spool.ts";

const TICKS_PER_MS = 90;

export type Timing = {
  /** Server time of a tick (90 kHz) of the run's files, ms. */
  timeOf(ticks: number): number;
  /** Server time now, ms. */
  now: number;
};

/** Answers `null` for a file in which nothing whole was written; it is deleted with its run. */
export const keepSegment = async (
  spool: Pick<Spool, "keep">,
  run: Run,
  { sequence, path }: Unfinished,
  timing: Timing,
): Promise<NewSegment | null> => {
  const place = places.pop() ?? { bytes: Buffer.alloc(0) };
  try {
    const bytes = await readDurably(path, place);
    const segment = segmentOf(bytes, run, sequence, timing);
    if (segment) await spool.keep(path, segment);
    return segment;
  } finally {
    places.push(place);
  }
};

/** Files are read into places that are used again: some megabytes anew for each kept the garbage collector busy all day. */
const places: { bytes: Buffer }[] = [];
/** Not anew for every file that is a little larger than the largest. */
const STEP_BYTES = 1024 * 1024;

/** What follows the last whole fragment is cut off first: the hash is of what stays. */
const readDurably = async (path: string, place: { bytes: Buffer }): Promise<Buffer> => {
  const file = await open(path, "r+");
  try {
    const { size } = await file.stat();
    if (place.bytes.length < size) place.bytes = Buffer.allocUnsafeSlow(Math.ceil(size / STEP_BYTES) * STEP_BYTES);
    let length = 0;
    while (length < size) {
      const { bytesRead } = await file.read(place.bytes, length, size - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    const bytes = place.bytes.subarray(0, length);
    const last = readFragments(bytes).at(-1);
    const whole = last ? bytes.subarray(0, last.offset + last.length) : bytes;
    if (whole.length < size) await file.truncate(whole.length);
    await file.sync();
    return whole;
  } finally {
    await file.close();
  }
};

export const segmentOf = (bytes: Buffer, run: Run, sequence: number, { timeOf, now }: Timing): NewSegment | null => {
  const init = readInit(bytes);
  const found = readFragments(bytes);
  const [first] = found;
  const last = found.at(-1);
  if (!init || !first || !last) return null;
  const ticks = (time: number): number => (time / init.timescale) * 1000 * TICKS_PER_MS;
  const captured = timeOf(ticks(first.decode_time));
  const end = timeOf(ticks(last.decode_time + last.duration));
  const fragments: Fragment[] = found.map(({ offset, length, decode_time, duration }) => ({
    offset,
    length,
    start_ms: Math.max(0, Math.round(timeOf(ticks(decode_time)) - captured)),
    duration_ms: Math.round((duration / init.timescale) * 1000),
  }));
  return {
    id: uuidv7(captured),
    camera_id: run.camera_id,
    recording_id: run.recording_id,
    captured_at: new Date(captured).toISOString(),
    wall_end: new Date(Math.max(end, captured)).toISOString(),
    journalled_at: new Date(now).toISOString(),
    media_duration_ms: Math.round(((last.decode_time + last.duration - first.decode_time) / init.timescale) * 1000),
    clock_offset_ms: run.clock_offset_ms,
    boot_id: run.boot_id,
    sequence,
    codec: init.codec,
    width: init.width,
    height: init.height,
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    init_length: init.length,
    fragments,
  };
};

export type Adoption = {
  spool: Spool;
  timing(run: Run): Timing;
  onSegment(segment: NewSegment): void;
  log: Log;
};

/**
 * Every file of a run that nobody writes any more: what holds a whole group of pictures is kept, the rest goes. The run's folder
 * goes only when nothing failed (a full disk): the next look finds it again.
 */
export const adopt = async (
  { spool, timing, onSegment, log }: Adoption,
  { run, files }: LeftBehind,
): Promise<number> => {
  let [adopted, failed] = [0, 0];
  for (const file of files) {
    try {
      const segment = await keepSegment(spool, run, file, timing(run));
      if (!segment) continue;
      adopted += 1;
      onSegment(segment);
    } catch (error) {
      failed += 1;
      log.error("segment not kept", { camera_id: run.camera_id, sequence: file.sequence, error });
    }
  }
  if (failed === 0) await spool.end(run.boot_id);
  return adopted;
};

/** By what the run itself knows of its time. */
export const storedTiming =
  (now: () => number) =>
  (run: Run): Timing => ({ timeOf: (ticks) => run.origin_ms + ticks / TICKS_PER_MS, now: now() });

export const adoptLeftBehind = async (adoption: Adoption): Promise<number> => {
  let adopted = 0;
  for (const left of await adoption.spool.leftBehind()) adopted += await adopt(adoption, left);
  return adopted;
};
