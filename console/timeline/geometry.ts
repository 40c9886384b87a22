/** Where an instant lies on a timeline, and what is there. All times in ms since 1970. */
import type { Bounds } from "./days.ts";

export type Span = { from: number; to: number };
export type Gap = { from: number; to: number; cause: string | null };

export const fractionOf = (view: Bounds, ms: number): number => (ms - view.from) / (view.to - view.from);
export const instantAt = (view: Bounds, fraction: number): number =>
  view.from + Math.min(1, Math.max(0, fraction)) * (view.to - view.from);

export const SHORTEST_MS = 10_000;

/** Keeps `centre` where it is on the line, and the view inside the day. */
export const zoomed = (view: Bounds, day: Bounds, factor: number, centre: number): Bounds => {
  const whole = day.to - day.from;
  const length = Math.min(whole, Math.max(SHORTEST_MS, (view.to - view.from) * factor));
  const from = centre - fractionOf(view, centre) * length;
  return within({ from, to: from + length }, day);
};

export const panned = (view: Bounds, day: Bounds, ms: number): Bounds =>
  within({ from: view.from + ms, to: view.to + ms }, day);

const within = (view: Bounds, day: Bounds): Bounds => {
  const length = Math.min(view.to - view.from, day.to - day.from);
  const from = Math.min(Math.max(view.from, day.from), day.to - length);
  return { from, to: from + length };
};

const STEPS_MS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 10_800, 21_600].map((seconds) => seconds * 1000);

/** Round instants (counted from the day's beginning), at most `most` of them. */
export const ticksOf = (view: Bounds, day: Bounds, most: number): number[] => {
  const step = STEPS_MS.find((one) => (view.to - view.from) / one <= most) ?? 21_600_000;
  const ticks: number[] = [];
  for (let at = day.from + Math.ceil((view.from - day.from) / step) * step; at <= view.to; at += step) ticks.push(at);
  return ticks;
};

export const isRecorded = (spans: readonly Span[], ms: number): boolean =>
  spans.some(({ from, to }) => from <= ms && ms < to);

export const gapAt = (gaps: readonly Gap[], ms: number): Gap | null =>
  gaps.find(({ from, to }) => from <= ms && ms < to) ?? null;

/** The instant itself where there is video, else where video begins again; null when nothing follows. */
export const nextRecorded = (spans: readonly Span[], ms: number): number | null => {
  if (isRecorded(spans, ms)) return ms;
  const later = spans.filter(({ from }) => from > ms).map(({ from }) => from);
  return later.length === 0 ? null : Math.min(...later);
};

/** Where to begin when somebody asks for `ms`: there, or where video begins again, or just before its end. */
export const startFor = (spans: readonly Span[], ms: number): number | null => {
  const next = nextRecorded(spans, ms);
  if (next !== null) return next;
  const last = spans.at(-1);
  return last ? Math.max(last.from, last.to - 5000) : null;
};

/** Where video ends or begins: what one steps to with Shift and an arrow. */
export const edgeBeside = (spans: readonly Span[], ms: number, direction: -1 | 1): number | null => {
  const edges = spans.flatMap(({ from, to }) => [from, to]);
  const beyond = edges.filter((edge) => (direction > 0 ? edge > ms + 500 : edge < ms - 500));
  if (beyond.length === 0) return null;
  return direction > 0 ? Math.min(...beyond) : Math.max(...beyond);
};

/** The part of `view` that keeps `at` in sight: moved on by a whole view when playing has left it. */
export const following = (view: Bounds, day: Bounds, at: number): Bounds => {
  const length = view.to - view.from;
  if (at >= view.from && at <= view.to) return view;
  return within({ from: at - length * 0.1, to: at + length * 0.9 }, day);
};

export const centred = (day: Bounds, at: number, length: number): Bounds => {
  const whole = Math.min(day.to - day.from, Math.max(SHORTEST_MS, length));
  return within({ from: at - whole / 2, to: at + whole / 2 }, day);
};

/** A little inside, so that rounding does not leave the player on the wrong side. */
const INSIDE_SECONDS = 0.01;
const END_SECONDS = 0.08;
/** A player that has run dry may stand a picture or two before the end of what it has. */
const DRY_SECONDS = 1;

/** Loaded ranges in a player's seconds: where it stands at the end of one, the beginning of the next. */
export const leapOver = (ranges: readonly Span[], current: number, isDry: boolean): Span | null => {
  for (const [index, { to }] of ranges.entries()) {
    const next = ranges[index + 1]?.from;
    if (next === undefined || current >= next) continue;
    return current >= to - (isDry ? DRY_SECONDS : END_SECONDS) ? { from: to, to: next + INSIDE_SECONDS } : null;
  }
  return null;
};

export const ordered = (a: number, b: number): Span => ({ from: Math.min(a, b), to: Math.max(a, b) });
