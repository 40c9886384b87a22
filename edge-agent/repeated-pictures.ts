/**
 * Whether a camera still sends new pictures: one whose sensor hangs, or that sends what it has in its memory again and again, goes
 * on sending. Only coded bytes are compared, and only those of key frames: nothing is decoded. A scene in which nothing moves is
 * no such case: the noise of a sensor makes every key frame another one.
 */
import { NAL, nalType } from "#lib/media/h264.ts";
import { nalsOf } from "#lib/media/h264-pictures.ts";

/** At night a good encoder may find nothing new in a second or two; in so many seconds noise always shows. */
const REPEATING_MS = 15_000;
/** Nor is it said because of two or three pictures, however far apart they are. */
const REPEATED_KEY_FRAMES = 3;
/** Head of a slice: it carries a number that differs from one key frame to the next, and thereby its length a little. */
const [HEAD_BYTES, NEAR_BYTES] = [16, 4];

export type RepeatedPictures = {
  /** Its bytes are copied. */
  keyFrame(avcc: Buffer, at_ms: number): void;
  /** Nothing but what was there before has come for long. */
  repeating(at_ms: number): boolean;
};

export const repeatedPictures = (): RepeatedPictures => {
  let [last, beforeLast] = [place(), place()];
  let same: { since_ms: number; count: number } | null = null;
  return {
    keyFrame(avcc, at_ms) {
      const slices = slicesOf(avcc);
      const isSame = areAlike(slices, last.slices()) || alternate(slices, last.slices(), beforeLast.slices());
      same = isSame ? { since_ms: same?.since_ms ?? at_ms, count: (same?.count ?? 0) + 1 } : null;
      [last, beforeLast] = [beforeLast, last];
      last.copy(avcc);
    },
    repeating: (at_ms) => same !== null && same.count >= REPEATED_KEY_FRAMES && at_ms - same.since_ms >= REPEATING_MS,
  };
};

/** The bytes of one key frame, in memory that is used again. */
const place = () => {
  let [bytes, length] = [Buffer.alloc(0), 0];
  return {
    copy(avcc: Buffer): void {
      if (bytes.length < avcc.length) bytes = Buffer.allocUnsafeSlow(avcc.length);
      length = avcc.copy(bytes);
    },
    slices: (): Buffer[] => slicesOf(bytes.subarray(0, length)),
  };
};

/** Delimiters, parameter sets and messages (a clock may be among them) say nothing of the picture. */
const slicesOf = (avcc: Buffer): Buffer[] => nalsOf(avcc).filter((nal) => nalType(nal) === NAL.idr);

const areNear = (one: readonly Buffer[], other: readonly Buffer[]): boolean =>
  one.length > 0 &&
  one.length === other.length &&
  one.every((slice, index) => Math.abs(slice.length - (other[index]?.length ?? 0)) <= NEAR_BYTES);

const areAlike = (one: readonly Buffer[], other: readonly Buffer[]): boolean =>
  areNear(one, other) && one.every((slice, index) => haveOneTail(slice, other[index] ?? slice));

const haveOneTail = (one: Buffer, other: Buffer): boolean => {
  const length = Math.min(one.length, other.length) - HEAD_BYTES;
  return length > 0 ? one.subarray(-length).equals(other.subarray(-length)) : one.equals(other);
};

/**
 * Without arithmetic coding (baseline) a longer head moves every bit behind it: then it is the one before the last that is alike.
 * The last must still be as long: a loop of two different groups is moving pictures.
 */
const alternate = (now: readonly Buffer[], last: readonly Buffer[], beforeLast: readonly Buffer[]): boolean =>
  areNear(now, last) && areAlike(now, beforeLast);
