/** Which part of the day the line shows. It goes along with what plays, unless a hand has just moved it. */
import { useEffect, useEffectEvent, useRef, useState } from "react";
import type { Store } from "#console/ui/store.ts";
import type { Bounds } from "./days.ts";
import { centred, following, zoomed } from "./geometry.ts";

const USUAL_MS = 900_000;
/** How long a view that somebody moved away from what plays is left where it is. */
const HAND_MS = 10_000;

export type TimelineView = {
  view: Bounds;
  setView(view: Bounds): void;
  zoom(factor: number): void;
  show(length: number): void;
};

export const useTimelineView = (day: Bounds, playhead: Store<number | null>, now: number): TimelineView => {
  const at = (): number => playhead.get() ?? now;
  const [held, setHeld] = useState(() => ({ day, view: firstView(day, playhead.get(), now) }));
  const handAt = useRef(Number.NEGATIVE_INFINITY);
  const view = held.day.from === day.from ? held.view : firstView(day, playhead.get(), now);
  const put = (next: Bounds): void => {
    if (next !== view) setHeld({ day, view: next });
  };
  const follow = useEffectEvent((): void => {
    const instant = at();
    const isHere = instant >= day.from && instant <= day.to;
    if (isHere && performance.now() - handAt.current > HAND_MS) put(following(view, day, instant));
  });
  useEffect(() => follow(), [now]);
  useEffect(() => playhead.subscribe(() => follow()), [playhead]);
  return {
    view,
    setView(next) {
      handAt.current = performance.now();
      put(next);
    },
    zoom: (factor) => put(zoomed(view, day, factor, centreOf(view, at()))),
    show: (length) => put(centred(day, centreOf(view, at()), length)),
  };
};

/** A quarter of an hour around what is shown, live near its end; a day that it is not of: all of it. */
const firstView = (day: Bounds, at: number | null, now: number): Bounds => {
  const shown = at ?? now;
  if (shown < day.from || shown > day.to) return day;
  return centred(day, at === null ? now - 0.4 * USUAL_MS : at, USUAL_MS);
};

const centreOf = (view: Bounds, at: number): number =>
  at >= view.from && at <= view.to ? at : (view.from + view.to) / 2;
