/** The clockwork of a simulated camera: which picture is due, as packets, and at which instant it was sent. */
import { h264Packetiser, writeSenderReport } from "#lib/media/rtp.ts";
import type { Fault } from "./faults.ts";
import type { Video } from "./video.ts";

const CLOCK_RATE = 90_000;
const JUMP_MS = 3_600_000;
const STUTTER_MS = 2000;
const KEPT_LOOPS = 3;

/** Wall time, ms since 1970, at which a picture left; `loop` counts from 0. */
export type Sent = { loop: number; frame: number; at_ms: number };

export type Listener = { key: boolean; frames: Buffer[] };

export type Sending = {
  /** `send` is called for each picture from the next key frame on. */
  listen(send: (picture: Listener) => void): () => void;
  setFault(fault: Fault): void;
  sent(frame: number): Sent[];
  onPicture(heard: (sent: Sent) => void): void;
  stop(): void;
};

export const startSending = (video: Video, clock: () => number = () => Date.now()): Sending => {
  const packetiser = h264Packetiser(0x6774_7631);
  const listeners = new Map<(picture: Listener) => void, { begun: boolean }>();
  const heard = new Set<(sent: Sent) => void>();
  const history = new Map<number, Sent[]>();
  const held: Listener[] = [];
  const step_ms = 1000 / video.fps;
  const started = performance.now();
  let fault: Fault = "none";
  let jump_ms = 0;
  let next = 0;
  let packets = 0;
  let bytes = 0;
  let released = started;
  let timer: NodeJS.Timeout | undefined;

  const interleaved = (packet: Buffer, channel: number): Buffer =>
    Buffer.concat([Buffer.from([0x24, channel, packet.length >> 8, packet.length & 0xff]), packet]);

  const pictureOf = (index: number): Listener & Sent => {
    const frame = index % video.pictures.length;
    const shown = fault === "repeat" ? frame - (frame % keyDistance(video)) : frame;
    const picture = video.pictures[fault === "repeat" ? keyBefore(video, shown) : frame];
    const ticks = Math.round((index * step_ms + jump_ms) * (CLOCK_RATE / 1000));
    const made = packetiser.packets(picture?.nals ?? [], ticks);
    packets += made.length;
    bytes += made.reduce((sum, packet) => sum + packet.length, 0);
    const frames = made.map((packet) => interleaved(packet, 0));
    const at_ms = clock();
    if (index % Math.round(video.fps) === 0) {
      const report = { wall_ms: at_ms + jump_ms, rtp_time: ticks, packets, bytes };
      frames.push(interleaved(writeSenderReport(0x6774_7631, report), 1));
    }
    return { frames, key: picture?.key ?? false, loop: Math.floor(index / video.pictures.length), frame, at_ms };
  };

  const send = (picture: Listener): void => {
    for (const [listener, state] of listeners) {
      state.begun ||= picture.key;
      if (state.begun) listener(picture);
    }
  };

  const due = (): void => {
    const now = performance.now();
    while (started + next * step_ms <= now) {
      const picture = pictureOf(next);
      next += 1;
      remember(history, picture);
      for (const hear of heard) hear(picture);
      if (fault === "freeze" || fault === "silent") continue;
      if (fault === "stutter") held.push(picture);
      else send(picture);
    }
    if (held.length > 0 && (fault !== "stutter" || now - released > STUTTER_MS)) {
      released = now;
      for (const picture of held.splice(0)) send(picture);
    }
    timer = setTimeout(due, Math.max(1, started + next * step_ms - performance.now()));
  };
  due();

  return {
    listen(listener) {
      listeners.set(listener, { begun: false });
      return () => void listeners.delete(listener);
    },
    setFault(wanted) {
      if (wanted === "clock_jump") jump_ms += JUMP_MS;
      fault = wanted;
    },
    sent: (frame) => history.get(frame) ?? [],
    onPicture: (hear) => void heard.add(hear),
    stop: () => clearTimeout(timer),
  };
};

const remember = (history: Map<number, Sent[]>, { loop, frame, at_ms }: Sent): void => {
  const kept = history.get(frame) ?? [];
  kept.push({ loop, frame, at_ms });
  if (kept.length > KEPT_LOOPS) kept.shift();
  history.set(frame, kept);
};

const keyDistance = ({ pictures }: Video): number => {
  const second = pictures.findIndex((picture, index) => index > 0 && picture.key);
  return second > 0 ? second : pictures.length;
};
const keyBefore = ({ pictures }: Video, frame: number): number => {
  for (let index = frame; index > 0; index -= 1) if (pictures[index]?.key) return index;
  return 0;
};
