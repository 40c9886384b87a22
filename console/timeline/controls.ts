/** What keys and buttons do to what is shown. */
import type { KeyAction } from "./keys.ts";
import { fasterThan } from "./keys.ts";
import { edgeBeside, type Span } from "./geometry.ts";
import type { Line } from "./timeline-query.ts";
import type { CameraView } from "./use-camera-view.ts";
import type { TimelineView } from "./use-timeline-view.ts";

export type ControlNeeds = {
  shown: CameraView;
  view: TimelineView;
  line: Line;
  now: number;
  range: Span | null;
  setRange(range: Span | null): void;
  speed: number;
  setSpeed(speed: number): void;
};

export type Controls = { seek(ms: number): void; mark(edge: "from" | "to"): void; act(action: KeyAction): void };

const SHORTEST_CLIP_MS = 1000;
const USUAL_CLIP_MS = 30_000;

/** The other edge stays where it fits; otherwise the range has a usual length. */
export const marked = (range: Span | null, edge: "from" | "to", at: number): Span =>
  edge === "from"
    ? { from: at, to: Math.max(at + SHORTEST_CLIP_MS, range?.to ?? at + USUAL_CLIP_MS) }
    : { from: Math.min(at - SHORTEST_CLIP_MS, range?.from ?? at - USUAL_CLIP_MS), to: at };

export const controlsOf = (needs: ControlNeeds): Controls => {
  const { shown, line, now, range, setRange } = needs;
  const at = (): number => shown.playhead.get() ?? now;
  const seek = (ms: number): void => {
    if (!Number.isNaN(ms)) shown.seek(Math.max(shown.bounds.from, ms), line);
  };
  const mark = (edge: "from" | "to"): void => setRange(marked(range, edge, Math.round(at())));
  return { seek, mark, act: (action) => act(action, needs, { at, seek, mark }) };
};

type Means = { at(): number } & Pick<Controls, "seek" | "mark">;

const act = (action: KeyAction, needs: ControlNeeds, { at, seek, mark }: Means): void => {
  const { shown, view, line, now, speed, setSpeed } = needs;
  switch (action.type) {
    case "step":
      return seek(at() + action.ms);
    case "edge": {
      const next = edgeBeside(line.spans, at(), action.direction);
      if (next !== null) return seek(next);
      return action.direction > 0 ? shown.goLive() : undefined;
    }
    case "day":
      return seek(action.end === "start" ? shown.bounds.from : Math.min(now, shown.bounds.to - 1000));
    case "zoom":
      return view.zoom(action.factor);
    case "toggle":
      return shown.setPlaying(!shown.isPlaying);
    case "pause":
      return shown.setPlaying(false);
    case "faster":
      if (shown.isPlaying) setSpeed(fasterThan(speed));
      return shown.setPlaying(true);
    case "back":
      setSpeed(1);
      return seek(at() - 10_000);
    case "now":
      return shown.goLive();
    case "in":
      return mark("from");
    case "out":
      return mark("to");
    default:
  }
};
