/**
 * Which tone sounds now. Tones never overlap; a critical alert that nobody has acknowledged is heard again every 10 s; any
 * number of alerts that come together is one tone, of the gravest.
 */
export type Tone = "critical" | "attention" | "offline";

export type Alarm = {
  /** Something new happened: it is heard once, as soon as nothing else sounds. */
  raise(tone: Tone): void;
  /** Critical alerts that wait for somebody. */
  waiting(criticals: number): void;
  /** What to begin now, if anything. */
  next(now_ms: number): Tone | null;
};

export const REPEAT_MS = 10_000;
export const lengths: Record<Tone, number> = { critical: 900, attention: 500, offline: 700 };
const gravest: readonly Tone[] = ["critical", "offline", "attention"];

export const createAlarm = (): Alarm => {
  const raised = new Set<Tone>();
  let criticals = 0;
  let silentFrom = 0;
  let repeatFrom = 0;
  return {
    raise: (tone) => void raised.add(tone),
    waiting(count) {
      criticals = count;
    },
    next(now) {
      if (now < silentFrom) return null;
      const isDue = criticals > 0 && now >= repeatFrom;
      const tone = isDue ? "critical" : gravest.find((one) => raised.has(one));
      if (!tone) return null;
      raised.delete(tone);
      // What is graver speaks for what is less so.
      if (tone === "critical") raised.delete("attention");
      silentFrom = now + lengths[tone];
      if (tone === "critical") repeatFrom = now + REPEAT_MS;
      return tone;
    },
  };
};
