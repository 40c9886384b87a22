/** Sound of this workstation: whether it is wanted, whether the browser allows it, and the alarm that drives it. */
import { useEffect, useState } from "react";
import { createStore, useStore, type Store } from "#console/ui/store.ts";
import { createAlarm, type Alarm, type Tone } from "./alarm.ts";
import { createTones, type Tones } from "./tones.ts";

const STORED = "gt.sound";
const LOOK_MS = 250;

const wanted = createStore(localStorage.getItem(STORED) !== "off");
wanted.subscribe(() => localStorage.setItem(STORED, wanted.get() ? "on" : "off"));
const never: Store<"blocked" | "ready"> = createStore<"blocked" | "ready">("blocked");

export type Sound = {
  state: "on" | "off" | "blocked";
  alarm: Alarm;
  /** A click or a key has to be behind it. */
  turn(on: boolean): void;
};

export const useSound = (): Sound => {
  const [alarm] = useState(createAlarm);
  const [tones, setTones] = useState<Tones | null>(null);
  const isWanted = useStore(wanted);
  const allowed = useStore(tones?.state ?? never);
  useEffect(() => {
    const made = createTones();
    setTones(made);
    const timer = setInterval(() => {
      const tone = alarm.next(performance.now());
      if (tone && wanted.get()) made.play(tone);
    }, LOOK_MS);
    // Any click or key on the page is what the browser waits for.
    const unlock = (): void => made.unlock();
    document.addEventListener("pointerdown", unlock);
    document.addEventListener("keydown", unlock);
    return () => {
      document.removeEventListener("pointerdown", unlock);
      document.removeEventListener("keydown", unlock);
      clearInterval(timer);
      made.close();
    };
  }, [alarm]);
  return {
    state: !isWanted ? "off" : allowed === "ready" ? "on" : "blocked",
    alarm,
    turn(on) {
      wanted.set(on);
      if (!on) return;
      tones?.unlock();
      // What was turned on is heard at once: a loudspeaker that is off is found now and not when it matters.
      const sample: Tone = "attention";
      alarm.raise(sample);
    },
  };
};
