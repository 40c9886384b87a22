/** Waiting that can be cut short, so that a wake-up is heard at once and a stop leaves no timer behind. */
export type Pause = {
  nap(ms: number): Promise<void>;
  /** `false`: it took longer. */
  within(work: Promise<unknown>, ms: number): Promise<boolean>;
  wakeAll(): void;
};

export const pause = (): Pause => {
  const sleepers = new Set<() => void>();
  const nap = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      sleepers.add(wake);
    });
  return {
    nap,
    within: async (work, ms) => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<false>((resolve) => void (timer = setTimeout(() => resolve(false), ms)));
      return Promise.race([work.then(() => true), late]).finally(() => clearTimeout(timer));
    },
    // A sleeper leaves the set as it wakes, which a Set allows while it is walked.
    wakeAll: () => {
      for (const wake of sleepers) wake();
    },
  };
};
