/** A day of one camera: what is recorded, what is missing and why. A slider for the keyboard, a line for the hand. */
import { useEffect, useEffectEvent, useRef } from "react";
import { useMessages } from "#console/messages/language.tsx";
import type { Messages } from "#console/messages/pt-br.ts";
import { clockText } from "#console/ui/format.ts";
import type { Store } from "#console/ui/store.ts";
import type { Bounds } from "./days.ts";
import { fractionOf, gapAt, isRecorded, panned, zoomed, type Span } from "./geometry.ts";
import { causeWord } from "./gap-words.ts";
import { DayMarks, LineMarks } from "./strip-marks.tsx";
import type { Line } from "./timeline-query.ts";
import { instantOf, useRangePointer } from "./use-range-pointer.ts";
import type { TimelineView } from "./use-timeline-view.ts";

export type StripProps = {
  camera_name: string;
  line: Line;
  day: Bounds;
  zone: string;
  playhead: Store<number | null>;
  /** Server time now: nothing is recorded after it. */
  now: number;
  view: TimelineView;
  range: Span | null;
  onRange(range: Span | null): void;
  onSeek(ms: number): void;
};

export const TimelineStrip = (props: StripProps) => {
  const m = useMessages();
  const { line, day, zone, playhead, now, range } = props;
  const { view, setView } = props.view;
  const slider = useRef<HTMLDivElement>(null);
  const hover = useRef<HTMLSpanElement>(null);
  const { head, label } = usePlayhead(slider, props);
  useWheel(slider, props);
  const pointer = useRangePointer(view, props);
  return (
    <div className="strip">
      <DayMarks
        line={line}
        day={day}
        view={view}
        now={now}
        onShow={(at) => setView(panned(view, day, at - (view.from + view.to) / 2))}
      />
      <div
        ref={slider}
        className="strip-line"
        data-testid="timeline"
        data-from={view.from}
        data-to={view.to}
        role="slider"
        tabIndex={0}
        aria-label={m.timeline.sliderOf(props.camera_name)}
        aria-describedby="timeline-help"
        aria-valuemin={Math.round(day.from / 1000)}
        aria-valuemax={Math.round(day.to / 1000)}
        aria-valuenow={Math.round((playhead.get() ?? now) / 1000)}
        {...pointer}
        onPointerMove={(event) => {
          pointer.onPointerMove(event);
          const at = instantOf(view, event.currentTarget, event.clientX);
          placeAt(hover.current, view, at);
          if (hover.current) hover.current.textContent = clockText(m.locale, zone, at);
        }}
      >
        <LineMarks view={view} line={line} day={day} zone={zone} now={now} range={range} />
        <span ref={hover} className="strip-hover mono" aria-hidden="true" />
        <div ref={head} className="playhead" data-testid="playhead">
          <span ref={label} className="mono" aria-hidden="true" />
        </div>
      </div>
    </div>
  );
};

/** Moves with every picture, so it is written past React. */
const usePlayhead = (slider: { current: HTMLDivElement | null }, props: StripProps) => {
  const m = useMessages();
  const head = useRef<HTMLDivElement>(null);
  const label = useRef<HTMLSpanElement>(null);
  const move = useEffectEvent((): void => {
    const { playhead, now, zone, view } = props;
    const at = playhead.get() ?? now;
    placeAt(head.current, view.view, at);
    if (label.current) {
      label.current.textContent = clockText(m.locale, zone, at);
      // At either end of the line the time stands inside it.
      label.current.style.transform = `translateX(${-100 * fractionOf(view.view, at)}%)`;
    }
    slider.current?.setAttribute("aria-valuenow", String(Math.round(at / 1000)));
    slider.current?.setAttribute("aria-valuetext", spoken(m, props, at));
  });
  const { playhead } = props;
  useEffect(() => move());
  useEffect(() => playhead.subscribe(() => move()), [playhead]);
  return { head, label };
};

const placeAt = (element: HTMLElement | null, view: Bounds, at: number): void => {
  if (!element) return;
  const place = fractionOf(view, at);
  element.style.insetInlineStart = `${place * 100}%`;
  element.hidden = place < 0 || place > 1;
};

/** React listens to wheels passively: the page would scroll along. */
const useWheel = (slider: { current: HTMLDivElement | null }, { view: { view, setView }, day }: StripProps): void => {
  useEffect(() => {
    const element = slider.current;
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const { deltaX, deltaY, shiftKey, clientX } = event;
      const length = view.to - view.from;
      if (shiftKey || Math.abs(deltaX) > Math.abs(deltaY))
        return setView(panned(view, day, (deltaX || deltaY) * (length / 1000)));
      if (element) setView(zoomed(view, day, deltaY > 0 ? 1.25 : 0.8, instantOf(view, element, clientX)));
    };
    element?.addEventListener("wheel", onWheel, { passive: false });
    return () => element?.removeEventListener("wheel", onWheel);
  });
};

const spoken = (m: Messages, { line, zone, now, playhead }: StripProps, at: number): string => {
  const time = clockText(m.locale, zone, at);
  if (playhead.get() === null) return m.timeline.value(time, m.timeline.live.toLowerCase());
  const gap = gapAt(line.gaps, at);
  if (isRecorded(line.spans, at)) return m.timeline.value(time, m.timeline.recorded);
  if (gap && at < now)
    return m.timeline.value(time, `${m.timeline.gap}: ${m.timeline.gapCauses[causeWord(gap.cause)]}`);
  return m.timeline.value(time, m.timeline.nothing);
};
