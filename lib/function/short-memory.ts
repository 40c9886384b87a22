/** What a process may remember for a few seconds to spare the database a question. Bounded; the oldest goes first. */
export type ShortMemory<T> = { get(key: string): T | undefined; set(key: string, value: T, until?: Date): void };

export const shortMemory = <T>(clock: () => Date, seconds: number, limit = 10_000): ShortMemory<T> => {
  const kept = new Map<string, { value: T; until: number }>();
  return {
    get(key) {
      const there = kept.get(key);
      if (!there) return undefined;
      if (there.until > clock().getTime()) return there.value;
      kept.delete(key);
      return undefined;
    },
    set(key, value, until) {
      const latest = clock().getTime() + seconds * 1000;
      kept.delete(key);
      kept.set(key, { value, until: Math.min(latest, until?.getTime() ?? latest) });
      if (kept.size > limit) kept.delete(kept.keys().next().value ?? key);
    },
  };
};
