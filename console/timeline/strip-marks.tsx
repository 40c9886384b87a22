/** What is drawn on the line, and the thin line of the whole day above it. */
import { useMessages } from "#console/messages/language.tsx";
import { clockText, durationText, shortClockText } from "#console/ui/format.ts";
import type { Bounds } from "./days.ts";
import { fractionOf, instantAt, ticksOf, type Gap, type Span } from "./geometry.ts";
import { causeWord } from "./gap-words.ts";
import type { Line } from "./timeline-query.ts";

const TICKS = 10;
const SECONDS_BELOW_MS = 900_000;
/** A gap of which this part of the line is seen has room for its cause. */
const WORD_FRACTION = 0.18;

const boxOf = (view: Bounds, { from, to }: Span) => {
  const [start, end] = [fractionOf(view, Math.max(from, view.from)), fractionOf(view, Math.min(to, view.to))];
  return { insetInlineStart: `${start * 100}%`, inlineSize: `${(end - start) * 100}%` };
};
const isSeen = (view: Bounds, { from, to }: Span): boolean => to > view.from && from < view.to && to > from;
const until = (gap: Gap, now: number): Gap => ({ ...gap, to: Math.min(gap.to, now) });

type DayProps = { line: Line; day: Bounds; view: Bounds; now: number; onShow(ms: number): void };

/** For the pointer only: the line's own keys and buttons move the view as well. */
export const DayMarks = ({ line, day, view, now, onShow }: DayProps) => (
  <div
    className="strip-day"
    aria-hidden="true"
    onPointerDown={({ currentTarget, clientX }) => {
      const { left, width } = currentTarget.getBoundingClientRect();
      onShow(instantAt(day, (clientX - left) / width));
    }}
  >
    {line.spans.map((span) => (
      <div key={span.from} className="span" style={boxOf(day, span)} />
    ))}
    {line.gaps
      .map((gap) => until(gap, now))
      .filter((gap) => isSeen(day, gap))
      .map((gap) => (
        <div key={`${gap.from} ${gap.cause}`} className="gap" style={boxOf(day, gap)} />
      ))}
    {now < day.to ? <div className="future" style={boxOf(day, { from: now, to: day.to })} /> : null}
    <div className="strip-window" style={boxOf(day, view)} />
  </div>
);

type LineProps = { view: Bounds; line: Line; day: Bounds; zone: string; now: number; range: Span | null };

export const LineMarks = ({ view, line, day, zone, now, range }: LineProps) => {
  const m = useMessages();
  const isClose = view.to - view.from < SECONDS_BELOW_MS;
  return (
    <>
      {ticksOf(view, day, TICKS).map((tick) => (
        <span
          key={tick}
          className="tick"
          style={{ insetInlineStart: `${fractionOf(view, tick) * 100}%` }}
          aria-hidden="true"
        >
          {isClose ? clockText(m.locale, zone, tick) : shortClockText(m.locale, zone, tick)}
        </span>
      ))}
      {line.spans
        .filter((span) => isSeen(view, span))
        .map((span) => (
          <div
            key={span.from}
            className="span"
            style={boxOf(view, span)}
            data-testid="timeline-span"
            data-from={span.from}
            data-to={span.to}
          />
        ))}
      {line.gaps
        .map((gap) => until(gap, now))
        .filter((gap) => isSeen(view, gap))
        .map((gap) => (
          <GapMark key={`${gap.from} ${gap.cause}`} gap={gap} view={view} zone={zone} />
        ))}
      {now < view.to ? <div className="future" style={boxOf(view, { from: now, to: view.to })} /> : null}
      {range && isSeen(view, range) ? (
        <div className="range" style={boxOf(view, range)} data-testid="timeline-selection" />
      ) : null}
    </>
  );
};

const GapMark = ({ gap, view, zone }: { gap: Gap; view: Bounds; zone: string }) => {
  const m = useMessages();
  const word = m.timeline.gapCauses[causeWord(gap.cause)];
  const length = durationText(gap.to - gap.from);
  const seen = fractionOf(view, Math.min(gap.to, view.to)) - fractionOf(view, Math.max(gap.from, view.from));
  return (
    <div
      className={gap.cause === "operator" || gap.cause === "policy" ? "gap gap-wanted" : "gap"}
      style={boxOf(view, gap)}
      data-testid="timeline-gap"
      data-cause={gap.cause ?? "unknown"}
      data-from={gap.from}
      data-to={gap.to}
      title={`${clockText(m.locale, zone, gap.from)} · ${length} · ${word}`}
    >
      {seen > WORD_FRACTION ? (
        <span aria-hidden="true">
          {word} · {length}
        </span>
      ) : null}
    </div>
  );
};
