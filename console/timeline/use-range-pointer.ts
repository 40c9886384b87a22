/** A press that does not move goes to an instant; one that moves chooses a range, or drags one end of the chosen one. */
import { useRef, type PointerEvent } from "react";
import type { Bounds } from "./days.ts";
import { fractionOf, instantAt, ordered, type Span } from "./geometry.ts";

type Asked = { range: Span | null; onRange(range: Span | null): void; onSeek(ms: number): void };
type Press = { x: number; anchor: number; isDrag: boolean };

const DRAG_PIXELS = 5;
const HANDLE_PIXELS = 8;

export const instantOf = (view: Bounds, line: HTMLElement, x: number): number => {
  const { left, width } = line.getBoundingClientRect();
  return instantAt(view, (x - left) / width);
};

export const useRangePointer = (view: Bounds, { range, onRange, onSeek }: Asked) => {
  const pressed = useRef<Press | null>(null);
  return {
    onPointerDown(event: PointerEvent<HTMLDivElement>) {
      if (event.button !== 0) return;
      const { currentTarget: line, clientX: x } = event;
      line.setPointerCapture(event.pointerId);
      const held = range && otherEnd(view, line, x, range);
      pressed.current = { x, anchor: held ?? instantOf(view, line, x), isDrag: typeof held === "number" };
    },
    onPointerMove(event: PointerEvent<HTMLDivElement>) {
      const press = pressed.current;
      if (!press) return;
      press.isDrag ||= Math.abs(event.clientX - press.x) > DRAG_PIXELS;
      if (press.isDrag) onRange(ordered(press.anchor, instantOf(view, event.currentTarget, event.clientX)));
    },
    onPointerUp() {
      const press = pressed.current;
      pressed.current = null;
      if (press && !press.isDrag) onSeek(press.anchor);
    },
    onPointerCancel() {
      pressed.current = null;
    },
  };
};

/** Of a range whose edge is under the pointer, the edge that stays. */
const otherEnd = (view: Bounds, line: HTMLElement, x: number, range: Span): number | null => {
  const { left, width } = line.getBoundingClientRect();
  const near = (ms: number): boolean => Math.abs(left + fractionOf(view, ms) * width - x) <= HANDLE_PIXELS;
  if (near(range.to)) return range.from;
  return near(range.from) ? range.to : null;
};
