/** A day of one camera: what is recorded, what is missing and why. A slider for the keyboard, a line for the hand. */
import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { ZoomIn, ZoomOut } from "lucide-react";
import { useMessages } from "#console/messages/language.tsx";
import type { Messages } from "#console/messages/pt-br.ts";
import { clockText, durationText, shortClockText } from "#console/ui/format.ts";
import { IconAction } from "#console/ui/parts.tsx";
import type { Store } from "#console/ui/store.ts";
import type { Bounds } from "./days.ts";
import { fractionOf, gapAt, instantAt, isRecorded, ordered, panned, ticksOf, zoomed, type Span } from "./geometry.ts";
import type { Line } from "./timeline-query.ts";

export type StripProps = {
  line: Line;
  day: Bounds;
  zone: string;
  playhead: Store<number | null>;
  /** Server time now: nothing is recorded after it. */
  now: number;
  range: Span | null;
  onRange(range: Span | null): void;
  onSeek(ms: number): void;
  onToggle(): void;
};

const DRAG_PIXELS = 5;
const TICKS = 12;

export const TimelineStrip = (props: StripProps) => {
  const m = useMessages();
  const { day, zone, playhead } = props;
  const [view, setView] = useState<Bounds>(day);
  const head = useRef<HTMLDivElement>(null);
  const slider = useRef<HTMLDivElement>(null);
  // oxlint-disable-next-line react/exhaustive-deps -- the day is its beginning; the object is new at each drawing
  useEffect(() => setView(day), [day.from]);
  useEffect(() => {
    const move = (): void => {
      const at = playhead.get() ?? props.now;
      const place = fractionOf(view, at);
      if (head.current) {
        head.current.style.insetInlineStart = `${place * 100}%`;
        head.current.hidden = place < 0 || place > 1;
      }
      slider.current?.setAttribute("aria-valuenow", String(Math.round(at / 1000)));
      slider.current?.setAttribute("aria-valuetext", spoken(m, props, at));
    };
    move();
    return playhead.subscribe(move);
  });
  const zoom = (factor: number): void => setView(zoomed(view, day, factor, centreOf(view, playhead.get())));
  const pointer = usePointer(view, props);
  return (
    <div className="strip">
      <div className="strip-tools">
        <IconAction label={m.timeline.zoomIn} onPress={() => zoom(0.5)}>
          <ZoomIn size={18} />
        </IconAction>
        <IconAction label={m.timeline.zoomOut} onPress={() => zoom(2)}>
          <ZoomOut size={18} />
        </IconAction>
        <span className="dim small">{m.timeline.zone(zone)}</span>
      </div>
      <div
        ref={slider}
        className="strip-line"
        data-testid="timeline"
        data-from={view.from}
        data-to={view.to}
        role="slider"
        tabIndex={0}
        aria-label={m.timeline.slider}
        aria-describedby="timeline-help"
        aria-valuemin={Math.round(day.from / 1000)}
        aria-valuemax={Math.round(day.to / 1000)}
        aria-valuenow={Math.round(day.from / 1000)}
        onKeyDown={(event) => onKey(event, props)}
        onWheel={({ deltaX, deltaY, shiftKey, currentTarget, clientX }) => {
          const length = view.to - view.from;
          if (shiftKey || Math.abs(deltaX) > Math.abs(deltaY)) return setView(panned(view, day, (deltaX || deltaY) * (length / 1000)));
          setView(zoomed(view, day, deltaY > 0 ? 1.25 : 0.8, instantOf(view, currentTarget, clientX)));
        }}
        {...pointer}
      >
        <Marks view={view} {...props} />
        <div ref={head} className="playhead" data-testid="playhead" />
      </div>
      <p id="timeline-help" className="dim small">
        {m.timeline.help}
      </p>
    </div>
  );
};

const Marks = ({ view, line, day, zone, now, range }: StripProps & { view: Bounds }) => {
  const m = useMessages();
  const place = ({ from, to }: Span) => ({
    insetInlineStart: `${fractionOf(view, Math.max(from, view.from)) * 100}%`,
    inlineSize: `${(fractionOf(view, Math.min(to, view.to)) - fractionOf(view, Math.max(from, view.from))) * 100}%`,
  });
  const seen = ({ from, to }: Span): boolean => to > view.from && from < view.to;
  const causes: Record<string, string> = m.timeline.gapCauses;
  return (
    <>
      {line.spans.filter(seen).map((span) => (
        <div key={span.from} className="span" style={place(span)} data-testid="timeline-span" data-from={span.from} data-to={span.to} />
      ))}
      {line.gaps.filter(seen).map((gap) => (
        <div
          key={`${gap.from} ${gap.cause}`}
          className="gap"
          style={place({ from: gap.from, to: Math.min(gap.to, now) })}
          data-testid="timeline-gap"
          data-cause={gap.cause ?? "unknown"}
          title={`${clockText(m.locale, zone, gap.from)} · ${durationText(Math.min(gap.to, now) - gap.from)} · ${causes[gap.cause ?? "unknown"]}`}
        />
      ))}
      {now < view.to ? <div className="future" style={place({ from: Math.max(now, view.from), to: view.to })} /> : null}
      {ticksOf(view, day, TICKS).map((tick) => (
        <span key={tick} className="tick" style={{ insetInlineStart: `${fractionOf(view, tick) * 100}%` }} aria-hidden="true">
          {view.to - view.from < 900_000 ? clockText(m.locale, zone, tick) : shortClockText(m.locale, zone, tick)}
        </span>
      ))}
      {range && seen(range) ? <div className="range" style={place(range)} data-testid="timeline-selection" /> : null}
    </>
  );
};

const centreOf = (view: Bounds, playhead: number | null): number =>
  playhead !== null && playhead >= view.from && playhead <= view.to ? playhead : (view.from + view.to) / 2;

const instantOf = (view: Bounds, line: HTMLElement, x: number): number => {
  const { left, width } = line.getBoundingClientRect();
  return instantAt(view, (x - left) / width);
};

/** A press that does not move goes there; one that moves chooses a range. */
const usePointer = (view: Bounds, { onRange, onSeek }: StripProps) => {
  const pressed = useRef<{ x: number; at: number; isDrag: boolean } | null>(null);
  return {
    onPointerDown(event: PointerEvent<HTMLDivElement>) {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      pressed.current = { x: event.clientX, at: instantOf(view, event.currentTarget, event.clientX), isDrag: false };
    },
    onPointerMove(event: PointerEvent<HTMLDivElement>) {
      const press = pressed.current;
      if (!press) return;
      press.isDrag ||= Math.abs(event.clientX - press.x) > DRAG_PIXELS;
      if (press.isDrag) onRange(ordered(press.at, instantOf(view, event.currentTarget, event.clientX)));
    },
    onPointerUp() {
      const press = pressed.current;
      pressed.current = null;
      if (press && !press.isDrag) onSeek(press.at);
    },
    onPointerCancel() {
      pressed.current = null;
    },
  };
};

const onKey = (event: KeyboardEvent, { day, now, playhead, range, onRange, onSeek, onToggle }: StripProps): void => {
  const at = playhead.get() ?? now;
  const step = event.ctrlKey ? 600_000 : event.shiftKey ? 60_000 : 10_000;
  const actions: Record<string, () => void> = {
    ArrowLeft: () => onSeek(Math.max(day.from, at - step)),
    ArrowRight: () => onSeek(Math.min(now, day.to, at + step)),
    Home: () => onSeek(day.from),
    End: () => onSeek(Math.min(now, day.to)),
    Space: onToggle,
    KeyI: () => onRange({ from: at, to: Math.max(at + 1000, range?.to ?? at + 10_000) }),
    KeyO: () => onRange({ from: Math.min(at - 1000, range?.from ?? at - 10_000), to: at }),
    KeyX: () => onRange(null),
  };
  const action = actions[event.code];
  if (!action) return;
  event.preventDefault();
  action();
};

const spoken = (m: Messages, { line, zone }: StripProps, at: number): string => {
  const gap = gapAt(line.gaps, at);
  const causes: Record<string, string> = m.timeline.gapCauses;
  const what = isRecorded(line.spans, at)
    ? m.timeline.recorded
    : gap
      ? `${m.timeline.gap}: ${causes[gap.cause ?? "unknown"]}`
      : m.timeline.nothing;
  return m.timeline.value(clockText(m.locale, zone, at), what);
};
