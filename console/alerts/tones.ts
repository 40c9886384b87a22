/** Three tones, told apart by pitch and by rhythm. Made here: no file to load when they are needed. */
import { createStore, type Store } from "#console/ui/store.ts";
import type { Tone } from "./alarm.ts";

/** Start, length (ms) and pitch (Hz) of each note; within `lengths` of the alarm. */
const notes: Record<Tone, readonly [number, number, number][]> = {
  critical: [
    [0, 140, 988],
    [180, 140, 784],
    [360, 140, 988],
    [540, 240, 784],
  ],
  attention: [
    [0, 160, 587],
    [220, 220, 740],
  ],
  offline: [
    [0, 280, 330],
    [340, 300, 247],
  ],
};
const LOUDNESS = 0.16;

export type Tones = {
  open(): void;
  /** `blocked`: the browser waits for a click or a key before it lets a page be heard. */
  state: Store<"blocked" | "ready">;
  unlock(): void;
  play(tone: Tone): void;
  close(): void;
};

export const createTones = (): Tones => {
  const state = createStore<"blocked" | "ready">("blocked");
  let context: AudioContext | null = null;
  const onChange = (): void => state.set(context?.state === "running" ? "ready" : "blocked");
  return {
    state,
    open() {
      context = new AudioContext();
      context.addEventListener("statechange", onChange);
      onChange();
    },
    unlock: () => void context?.resume().then(onChange, () => undefined),
    play(tone) {
      if (context?.state !== "running") return;
      for (const [start, length, pitch] of notes[tone]) note(context, start / 1000, length / 1000, pitch);
    },
    close() {
      context?.removeEventListener("statechange", onChange);
      void context?.close();
      context = null;
    },
  };
};

const note = (context: AudioContext, start: number, length: number, pitch: number): void => {
  const begin = context.currentTime + start;
  const oscillator = new OscillatorNode(context, { type: "triangle", frequency: pitch });
  const gain = new GainNode(context, { gain: 0 });
  // Without a ramp at both ends the loudspeaker clicks.
  gain.gain.setValueAtTime(0, begin);
  gain.gain.linearRampToValueAtTime(LOUDNESS, begin + 0.01);
  gain.gain.setValueAtTime(LOUDNESS, begin + length - 0.03);
  gain.gain.linearRampToValueAtTime(0, begin + length);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(begin);
  oscillator.stop(begin + length);
};
