/** The clockwork of a simulated camera: which picture is due, and at which instant it was sent. */
import type { Fault } from "./faults.ts";
import { pictureStamper, senderReport } from "./packets.ts";
import type { Video } from "./video.ts";

const TICKS_PER_MS = 90;
const JUMP_MS = 3_600_000;
const STUTTER_MS = 2000;
const KEPT_LOOPS = 3;
/** After a pause of the whole machine the camera goes on; it does not send what it missed. */
const LONGEST_CATCH_UP_MS = 2000;

/** Wall time, ms since 1970, at which a picture left; `loop` counts from 0. */
export type Sent = { loop: number; frame: number; at_ms: number };

export type SentPicture = { key: boolean; bytes: Buffer };

/** `false`: not taken, the next one must be a key frame. */
export type Viewer = (picture: SentPicture) => boolean;

export type Sending = {
  /** From the next key frame on. Answers how to leave. */
  listen(viewer: Viewer): () => void;
  setFault(fault: Fault): void;
  sent(frame: number): Sent[];
  /** Every picture as it is sent, whether anybody looks or not. */
  onPicture(heard: (sent: Sent) => void): void;
  stop(): void;
};

/** `shown`: the number of the picture that was sent last. */
type State = { fault: Fault; jump_ms: number; next: number; shown: number };

/** Due, with its place in the loop. */
type Due = Omit<Sent, "at_ms"> & SentPicture;

export const startSending = (video: Video, clock: () => number = () => Date.now()): Sending => {
  const viewers = new Map<Viewer, { begun: boolean }>();
  const heard = new Set<(sent: Sent) => void>();
  const history = new Map<number, Sent[]>();
  const held: Due[] = [];
  const step_ms = 1000 / video.fps;
  const state: State = { fault: "none", jump_ms: 0, next: 0, shown: 0 };
  const make = pictureMaker(video, state, clock);
  let started = performance.now();
  let released = started;
  let timer: NodeJS.Timeout | undefined;

  const send = (due: Due): void => {
    state.shown = due.frame;
    for (const [viewer, one] of viewers) {
      one.begun ||= due.key;
      if (one.begun) one.begun = viewer(due);
    }
    const sent = { loop: due.loop, frame: due.frame, at_ms: clock() };
    history.set(due.frame, [...(history.get(due.frame) ?? []), sent].slice(-KEPT_LOOPS));
    for (const hear of heard) hear(sent);
  };

  const tick = (): void => {
    const now = performance.now();
    const late = now - (started + state.next * step_ms);
    if (late > LONGEST_CATCH_UP_MS) started += late;
    while (started + state.next * step_ms <= now) {
      const due = make(state.next);
      state.next += 1;
      if (isStill(state.fault)) continue;
      if (state.fault === "stutter") held.push(due);
      else send(due);
    }
    if (held.length > 0 && (state.fault !== "stutter" || now - released > STUTTER_MS)) {
      released = now;
      for (const due of held.splice(0)) send(due);
    }
    timer = setTimeout(tick, Math.max(1, started + state.next * step_ms - performance.now()));
  };
  tick();

  return {
    listen(viewer) {
      viewers.set(viewer, { begun: false });
      return () => void viewers.delete(viewer);
    },
    setFault(fault) {
      // What was missed cannot be decoded without a new key frame.
      if (isStill(state.fault)) for (const one of viewers.values()) one.begun = false;
      if (fault === "clock_jump") state.jump_ms += JUMP_MS;
      if (fault === "repeat") state.shown = keyBefore(video, state.shown);
      if (fault === "stutter") released = performance.now();
      state.fault = fault;
    },
    sent: (frame) => history.get(frame) ?? [],
    onPicture: (hear) => void heard.add(hear),
    stop: () => clearTimeout(timer),
  };
};

/** The picture of an index, counted from the start over all loops, with the reports that are due with it. */
const pictureMaker = (video: Video, state: Readonly<State>, clock: () => number): ((index: number) => Due) => {
  const stamp = pictureStamper();
  const step_ms = 1000 / video.fps;
  const total = { packets: 0, bytes: 0 };
  return (index) => {
    const frame = state.fault === "repeat" ? state.shown : index % video.pictures.length;
    const picture = video.pictures[frame] ?? { nals: [], key: false };
    const rtp_time = Math.round((index * step_ms + state.jump_ms) * TICKS_PER_MS) >>> 0;
    const { bytes, packets, payload_bytes } = stamp(picture, rtp_time);
    total.packets += packets;
    total.bytes += payload_bytes;
    const reports =
      index % Math.max(1, Math.round(video.fps)) === 0
        ? [senderReport({ wall_ms: clock() + state.jump_ms, rtp_time, packets: total.packets, bytes: total.bytes })]
        : [];
    const loop = Math.floor(index / video.pictures.length);
    return { frame, loop, key: picture.key, bytes: Buffer.concat([bytes, ...reports]) };
  };
};

const isStill = (fault: Fault): boolean => fault === "freeze" || fault === "silent";

const keyBefore = ({ pictures }: Video, frame: number): number => {
  for (let index = frame; index > 0; index -= 1) if (pictures[index]?.key) return index;
  return 0;
};
