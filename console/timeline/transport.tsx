/** Going back, playing, speed, going to a time and to now: each a button and a key. */
import { useState, type FormEvent, type RefObject } from "react";
import {
  ChevronLeft,
  ChevronRight,
  CornerDownLeft,
  Pause,
  Play,
  Radio,
  RotateCcw,
  RotateCw,
  ZoomIn,
  ZoomOut,
} from "lucide-react";
import { useMessages } from "#console/messages/language.tsx";
import { Action, IconAction, Pick } from "#console/ui/parts.tsx";
import { shiftDay } from "./days.ts";
import { SPEEDS } from "./keys.ts";
import type { TimelineView } from "./use-timeline-view.ts";

type TransportProps = {
  isLive: boolean;
  isPlaying: boolean;
  speed: number;
  mayLive: boolean;
  onToggle(): void;
  onStep(ms: number): void;
  onSpeed(speed: number): void;
  onLive(): void;
};

export const Transport = (props: TransportProps) => {
  const m = useMessages();
  const { isLive, isPlaying, speed, mayLive, onToggle, onStep, onSpeed, onLive } = props;
  return (
    <div className="transport" role="group" aria-label={m.timeline.controls}>
      <IconAction label={`${m.timeline.back} (←)`} onPress={() => onStep(-10_000)}>
        <RotateCcw size={18} />
      </IconAction>
      <IconAction
        label={`${isPlaying && !isLive ? m.timeline.pause : m.timeline.play} (${m.timeline.space})`}
        isDisabled={isLive}
        onPress={onToggle}
      >
        {isPlaying && !isLive ? <Pause size={18} /> : <Play size={18} />}
      </IconAction>
      <IconAction label={`${m.timeline.forward} (→)`} isDisabled={isLive} onPress={() => onStep(10_000)}>
        <RotateCw size={18} />
      </IconAction>
      <Pick
        label={m.timeline.speed}
        hideLabel
        value={String(speed)}
        options={SPEEDS.map((one) => ({ value: String(one), label: `${one.toLocaleString(m.locale)}×` }))}
        onChange={(value) => onSpeed(Number(value))}
      />
      {mayLive ? (
        <Action kind={isLive ? "quiet" : "plain"} isDisabled={isLive} onPress={onLive}>
          <Radio size={16} aria-hidden="true" />
          {m.timeline.live}
          <kbd aria-hidden="true">N</kbd>
        </Action>
      ) : null}
    </div>
  );
};

type DayProps = { day: string; today: string; onDay(day: string): void };

export const DayChoice = ({ day, today, onDay }: DayProps) => {
  const m = useMessages();
  return (
    <div className="day-choice" role="group" aria-label={m.timeline.day}>
      <IconAction label={m.timeline.previousDay} onPress={() => onDay(shiftDay(day, -1))}>
        <ChevronLeft size={18} />
      </IconAction>
      <input
        className="input"
        type="date"
        aria-label={m.timeline.day}
        value={day}
        max={today}
        onChange={({ target }) => target.value !== "" && onDay(target.value)}
      />
      <IconAction label={m.timeline.nextDay} isDisabled={day >= today} onPress={() => onDay(shiftDay(day, 1))}>
        <ChevronRight size={18} />
      </IconAction>
    </div>
  );
};

/** `field` is where the key T leads. */
export const GoToTime = ({ field, onGo }: { field: RefObject<HTMLInputElement | null>; onGo(time: string): void }) => {
  const m = useMessages();
  const [time, setTime] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (time === "") return;
    onGo(time.length === 5 ? `${time}:00` : time);
    // The keys of the timeline work again at once.
    field.current?.blur();
  };
  return (
    <form className="go-to" onSubmit={submit}>
      <label>
        <span className="hidden-label">{m.timeline.goTo}</span> <kbd aria-hidden="true">T</kbd>
        <input
          ref={field}
          className="input"
          type="time"
          step={1}
          value={time}
          onChange={({ target }) => setTime(target.value)}
        />
      </label>
      <IconAction type="submit" label={m.timeline.go}>
        <CornerDownLeft size={18} />
      </IconAction>
    </form>
  );
};

const LENGTHS = [10, 60, 300, 900, 3600, 21_600, 86_400] as const;

export const ZoomChoice = ({ view: { view, zoom, show } }: { view: TimelineView }) => {
  const m = useMessages();
  const length = (view.to - view.from) / 1000;
  const far = (one: number): number => Math.abs(Math.log(one / length));
  const nearest = LENGTHS.reduce<number>((best, one) => (far(one) < far(best) ? one : best), 86_400);
  return (
    <div className="zoom-choice" role="group" aria-label={m.timeline.zoom}>
      <IconAction label={`${m.timeline.zoomOut} (−)`} onPress={() => zoom(2)}>
        <ZoomOut size={18} />
      </IconAction>
      <Pick
        label={m.timeline.zoom}
        hideLabel
        value={String(nearest)}
        options={LENGTHS.map((one) => ({ value: String(one), label: m.timeline.length(one) }))}
        onChange={(value) => show(Number(value) * 1000)}
      />
      <IconAction label={`${m.timeline.zoomIn} (+)`} onPress={() => zoom(0.5)}>
        <ZoomIn size={18} />
      </IconAction>
    </div>
  );
};
