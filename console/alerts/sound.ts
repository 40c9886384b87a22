/** Sound of this workstation: whether it is wanted, whether the browser allows it, and the alarm that drives it. */
import { useEffect, useState } from "react";
import { createStore, useStore } from "#console/ui/store.ts";
import { createAlarm, type Alarm, type Tone } from "./alarm.ts";
import { createTones } from "./tones.ts";

const STORED = "gt.sound";
const LOOK_MS = 250;

const wanted = createStore(localStorage.getItem(STORED) !== "off");
wanted.subscribe(() => localStorage.setItem(STORED, wanted.get() ? "on" : "off"));

export type Sound = {
  state: "on" | "off" | "blocked";
  alarm: Alarm;
  /** A click or a key has to be behind it. */
  turn(on: boolean): void;
};

export const useSound = (): Sound => {
  const [alarm] = useState(createAlarm);
  const [tones] = useState(createTones);
  const isWanted = useStore(wanted);
  const allowed = useStore(tones.state);
  useEffect(() => {
    tones.open();
    const timer = setInterval(() => {
      const tone = alarm.next(performance.now());
      if (tone && wanted.get()) tones.play(tone);
    }, LOOK_MS);
    // Any click or key on the page is what the browser waits for.
    const unlock = (): void => tones.unlock();
    document.addEventListener("pointerdown", unlock);
    document.addEventListener("keydown", unlock);
    return () => {
      document.removeEventListener("pointerdown", unlock);
      document.removeEventListener("keydown", unlock);
      clearInterval(timer);
      tones.close();
    };
  }, [alarm, tones]);
  return {
    state: !isWanted ? "off" : allowed === "ready" ? "on" : "blocked",
    alarm,
    turn(on) {
      wanted.set(on);
      if (!on) return;
      tones.unlock();
      // What was turned on is heard at once: a loudspeaker that is off is found now and not when it matters.
      const sample: Tone = "attention";
      alarm.raise(sample);
    },
  };
};
