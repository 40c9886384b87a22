/** Which fragments make a clip: pure. It begins at the key frame at or before the start that was asked for. */
import type { Fragment } from "./contract.ts";
import type { GapRow } from "./gaps.ts";
import type { SegmentRow } from "./segments.ts";

/** A key frame may come a little late; a longer hole is a gap that the clip must state. */
const GAP_MS = 1000;

export type Piece = { segment: SegmentRow; fragment: Fragment; starts_at: number; ends_at: number };
export type CutPlan = {
  pieces: Piece[];
  actual_start: Date;
  actual_end: Date;
  gaps: { starts_at: string; ends_at: string; cause: string | null }[];
};

/** `null`: nothing was recorded in the interval. `known`: gaps whose cause somebody said. */
export const planCut = (
  segments: readonly SegmentRow[],
  start: Date,
  end: Date,
  known: readonly GapRow[],
): CutPlan | null => {
  const all = segments.flatMap(piecesOf).toSorted((a, b) => a.starts_at - b.starts_at);
  const pieces = all.map((piece, index) => ({
    ...piece,
    // Never beyond the next key frame: otherwise a start shortly after it would bring the whole group before.
    ends_at: Math.min(piece.ends_at, all[index + 1]?.starts_at ?? Infinity),
  }));
  const inside = pieces.filter(({ starts_at, ends_at }) => ends_at > start.getTime() && starts_at < end.getTime());
  const [first, last] = [inside[0], inside.at(-1)];
  if (!first || !last) return null;
  return {
    pieces: inside,
    actual_start: new Date(first.starts_at),
    actual_end: new Date(last.ends_at),
    gaps: gapsBetween(inside, start, end).map((gap) => ({ ...gap, cause: causeOf(gap, known) })),
  };
};

const piecesOf = (segment: SegmentRow): Piece[] => {
  const base = segment.captured_at.getTime();
  return segment.fragments.map((fragment, index) => {
    const next = segment.fragments[index + 1];
    const starts_at = base + fragment.start_ms;
    // A fragment lasts until the next begins: media durations and the wall drift apart by a few milliseconds.
    const ends_at = next
      ? base + next.start_ms
      : Math.max(starts_at + fragment.duration_ms, segment.wall_end.getTime());
    return { segment, fragment, starts_at, ends_at };
  });
};

const gapsBetween = (pieces: readonly Piece[], start: Date, end: Date): { starts_at: string; ends_at: string }[] => {
  const ends = [start.getTime(), ...pieces.map(({ ends_at }) => ends_at)];
  const starts = [...pieces.map(({ starts_at }) => starts_at), end.getTime()];
  return ends.flatMap((from, index) => {
    const to = starts[index] ?? from;
    return to - from > GAP_MS ? [{ starts_at: new Date(from).toISOString(), ends_at: new Date(to).toISOString() }] : [];
  });
};

const causeOf = (gap: { starts_at: string; ends_at: string }, known: readonly GapRow[]): string | null =>
  known.find(
    ({ starts_at, ends_at }) =>
      starts_at < new Date(gap.ends_at) && (ends_at === null || ends_at > new Date(gap.starts_at)),
  )?.cause ?? null;
