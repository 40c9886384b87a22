/** Where an instant lies on a timeline, and what is there. All times in ms since 1970. */
import type { Bounds } from "./days.ts";

export type Span = { from: number; to: number };
export type Gap = { from: number; to: number; cause: string | null };

export const fractionOf = (view: Bounds, ms: number): number => (ms - view.from) / (view.to - view.from);
export const instantAt = (view: Bounds, fraction: number): number =>
  view.from + Math.min(1, Math.max(0, fraction)) * (view.to - view.from);

const SHORTEST_MS = 60_000;

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

export const ordered = (a: number, b: number): Span => ({ from: Math.min(a, b), to: Math.max(a, b) });
