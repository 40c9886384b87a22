/**
 * Looks at what a camera sends: when pictures were taken, where groups of pictures begin, which pictures go to the recorder, to
 * analysis and to viewers. A picture is put together once, at its last packet, for all of them.
 */
import { pictureAssembler, type CodedPicture } from "#lib/media/h264-pictures.ts";
import { readSenderReport } from "#lib/media/rtp.ts";
import { currentGroup } from "./current-group.ts";
import { repeatedPictures } from "./repeated-pictures.ts";
import { captureClock, type CaptureClock } from "./rtsp/capture-clock.ts";

/**
 * Key frames for analysis: two a second at most on average, though a camera's half second may be a little short. Of a vehicle whose
 * plate can be read for two seconds one a second showed one or two, and one passage in four was never read.
 */
const [KEY_FRAME_TICKS, EARLY_TICKS] = [45_000, 4500];
const RATE_OVER_MS = 2000;

/** `ticks`: 90 kHz, from the connection's first picture. */
export type Picture = CodedPicture & { ticks: number; captured_at_ms: number };

export type Tap = {
  /** A packet between `from` and `to`; channel 0 is RTP, 1 is RTCP. */
  frame(channel: number, data: Buffer, from: number, to: number): void;
  clock: CaptureClock;
  /** Begins with the current group, or with the next. */
  attachReader(reader: Reader): void;
  detachReader(reader: Reader): void;
  attachViewer(viewer: Viewer): void;
  detachViewer(viewer: Viewer): void;
  seen(): Seen;
  /** Pictures come, but for long no new one. */
  repeating(): boolean;
  /** Over the last few seconds. */
  bytesPerSecond(): number;
};
type Seen = {
  bytes: number;
  bytes_at: number;
  key_at: number;
  captured_at_ms: number | null;
  pictures: number;
};
/** `idle`: of all the pictures it was given, it needs no byte any more. */
export type Viewer = { picture(picture: Picture): void; idle(): boolean };
/** `begins`: before the first picture, with its ticks. `picture` answers `false`: it wants no more. */
export type Reader = { begins(ticks: number): void; picture(picture: Picture): boolean; idle(): boolean };

export type TapNeeds = {
  /** Server time, ms. */
  now(): number;
  monotonic(): number;
  onKeyFrame(picture: Picture): void;
  /** The camera's clock jumped: nothing more is passed on, this connection is of no use. */
  onJump(): void;
};

export const streamTap = (needs: TapNeeds): Tap => {
  const clock = captureClock();
  const group = currentGroup<Picture>();
  const readers = readersOf((reader) => reader.idle() || group.abandon());
  const viewers = new Set<Viewer>();
  const isFree = (): boolean => readers.idle() && [...viewers].every((viewer) => viewer.idle());
  const started = needs.monotonic();
  const rate = byteRate(started);
  const repeated = repeatedPictures();
  const seen: Seen = { bytes: 0, bytes_at: started, key_at: started, captured_at_ms: null, pictures: 0 };
  let keyDue = Number.NEGATIVE_INFINITY;
  let over = false;

  const assembler = pictureAssembler((coded) => {
    if (over) return;
    if (clock.jumped(coded.rtp_time, needs.now())) {
      over = true;
      return needs.onJump();
    }
    const captured_at_ms = clock.picture(coded.rtp_time, needs.now());
    const picture = group.keep({ ...coded, captured_at_ms, ticks: clock.ticksOf(coded.rtp_time) }, isFree);
    seen.captured_at_ms = captured_at_ms;
    seen.pictures += 1;
    if (picture.key) seen.key_at = needs.monotonic();
    readers.picture(picture);
    for (const viewer of viewers) viewer.picture(picture);
    if (!picture.key || picture.damaged) return;
    repeated.keyFrame(picture.avcc, needs.monotonic());
    if (picture.ticks < keyDue - EARLY_TICKS) return;
    keyDue = Math.max(keyDue, picture.ticks) + KEY_FRAME_TICKS;
    needs.onKeyFrame(picture);
  });

  return {
    clock,
    frame(channel, data, from, to) {
      seen.bytes += to - from;
      seen.bytes_at = needs.monotonic();
      if (channel === 0) return assembler.push(data, from, to);
      const report = channel === 1 ? readSenderReport(data.subarray(from, to)) : null;
      if (report) clock.report(report.rtp_time, report.wall_ms, needs.now());
    },
    attachReader: (reader) => readers.attach(reader, group.pictures()),
    detachReader: readers.detach,
    attachViewer(viewer) {
      for (const picture of group.pictures()) viewer.picture(picture);
      viewers.add(viewer);
    },
    detachViewer(viewer) {
      if (viewers.delete(viewer) && !viewer.idle()) group.abandon();
    },
    seen: () => seen,
    repeating: () => repeated.repeating(needs.monotonic()),
    bytesPerSecond: () => rate(seen.bytes, needs.monotonic()),
  };
};

/** `left`: it gets no more. */
const readersOf = (left: (reader: Reader) => unknown) => {
  const reading = new Set<Reader>();
  const waiting = new Set<Reader>();
  const drop = (reader: Reader): void => {
    if (reading.delete(reader)) left(reader);
  };
  return {
    idle: (): boolean => [...reading].every((reader) => reader.idle()),
    attach(reader: Reader, group: readonly Picture[]): void {
      const [first] = group;
      if (!first) return void waiting.add(reader);
      reader.begins(first.ticks);
      for (const picture of group) reader.picture(picture);
      reading.add(reader);
    },
    detach(reader: Reader): void {
      drop(reader);
      waiting.delete(reader);
    },
    picture(picture: Picture): void {
      if (picture.key) {
        for (const reader of waiting) {
          reader.begins(picture.ticks);
          reading.add(reader);
        }
        waiting.clear();
      }
      for (const reader of reading) if (!reader.picture(picture)) drop(reader);
    },
  };
};

/** Asked every now and then; answers for the time since it was last asked, that being long enough. */
const byteRate = (started: number) => {
  let last = { bytes: 0, at: started, per_second: 0 };
  return (bytes: number, at: number): number => {
    if (at - last.at >= RATE_OVER_MS) {
      last = { bytes, at, per_second: Math.round(((bytes - last.bytes) / (at - last.at)) * 1000) };
    }
    return last.per_second;
  };
};
