/** Frames that wait in memory: cameras in the order of their turn, at most two frames each, bounded as a whole. */
import { AppError } from "#lib/errors.ts";
import type { Frame } from "#lib/frames/frames.ts";

export type Bounds = { now: () => number; frames: number; bytes: number; age_ms: number };
export type Losses = { evicted: number; expired: number };
/** `refused`: no room without taking it from a camera that was served less. */
export type Added = "added" | "replaced" | "refused";

/** What an offer comes to over all consumers, as the port says. */
export const becameOf = (answers: readonly Added[]): boolean => {
  if (answers.length > 0 && answers.every((added) => added === "refused")) {
    const details = { reason: "frame.no_room", retry_after_seconds: 1 };
    throw new AppError("unavailable", "Too many frames are waiting", details);
  }
  return answers.every((added) => added === "added");
};

export type WaitingRoom = {
  add(frame: Frame): Added;
  take(): Frame | null;
  size(): number;
  clear(): void;
};

const MAX_PER_CAMERA = 2;

export const waitingRoom = (bounds: Bounds, losses: Losses): WaitingRoom => {
  const lanes = cameraLanes();
  const evict = (camera: string): void => {
    if (lanes.shift(camera)) losses.evicted++;
  };
  const expire = (): void => {
    losses.expired += lanes.dropBefore(bounds.now() - bounds.age_ms);
  };
  const isFull = (more: number): boolean =>
    lanes.total.frames + 1 > bounds.frames || lanes.total.bytes + more > bounds.bytes;

  return {
    add: (frame) => {
      const camera = `${frame.cidade_id}/${frame.camera_id}`;
      const { byteLength } = frame.bytes;
      expire();
      let answer: Added = "added";
      const own = lanes.length(camera);
      // Its own older frame makes room before anybody else's.
      if (own >= MAX_PER_CAMERA || (own > 0 && isFull(byteLength))) {
        evict(camera);
        answer = "replaced";
      }
      while (isFull(byteLength)) {
        const victim = lanes.victimFor(camera);
        if (!victim) return "refused";
        evict(victim);
      }
      lanes.push(camera, { frame, since: bounds.now() });
      return answer;
    },
    take: () => {
      expire();
      return lanes.next();
    },
    size: () => {
      expire();
      return lanes.total.frames;
    },
    clear: lanes.clear,
  };
};

type Waiting = { frame: Frame; since: number };

const cameraLanes = () => {
  /** In the order of turns. No lane is empty. */
  const lanes = new Map<string, Waiting[]>();
  /** Which turn served a camera last: who was served most recently can best do without. */
  const served = new Map<string, number>();
  const total = { turns: 0, frames: 0, bytes: 0 };

  const push = (camera: string, waiting: Waiting): void => {
    lanes.set(camera, [...(lanes.get(camera) ?? []), waiting]);
    total.frames++;
    total.bytes += waiting.frame.bytes.byteLength;
  };
  const shift = (camera: string): Waiting | null => {
    const [first, ...rest] = lanes.get(camera) ?? [];
    if (!first) return null;
    if (rest.length > 0) lanes.set(camera, rest);
    else lanes.delete(camera);
    total.frames--;
    total.bytes -= first.frame.bytes.byteLength;
    return first;
  };
  const lastServed = (camera: string): number => served.get(camera) ?? 0;
  const mostServed = (cameras: string[]): string | undefined =>
    cameras.toSorted((a, b) => lastServed(b) - lastServed(a))[0];

  return {
    total,
    push,
    shift,
    length: (camera: string): number => lanes.get(camera)?.length ?? 0,
    /** Second frames first, then the frame of whoever was served more recently than the newcomer. */
    victimFor: (newcomer: string): string | undefined => {
      const crowded = mostServed([...lanes].filter(([, lane]) => lane.length > 1).map(([camera]) => camera));
      if (crowded) return crowded;
      const victim = mostServed([...lanes.keys()]);
      return victim && lastServed(victim) > lastServed(newcomer) ? victim : undefined;
    },
    next: (): Frame | null => {
      const camera = lanes.keys().next().value;
      const next = camera === undefined ? null : shift(camera);
      if (camera === undefined || !next) return null;
      served.set(camera, ++total.turns);
      const rest = lanes.get(camera);
      // To the back of the queue of turns.
      if (rest && lanes.delete(camera)) lanes.set(camera, rest);
      return next.frame;
    },
    /** A Map may lose entries while it is walked. Answers how many went. */
    dropBefore: (oldest: number): number => {
      const before = total.frames;
      for (const camera of lanes.keys()) while ((lanes.get(camera)?.[0]?.since ?? Infinity) < oldest) shift(camera);
      return before - total.frames;
    },
    clear: (): void => {
      lanes.clear();
      Object.assign(total, { frames: 0, bytes: 0 });
    },
  };
};
