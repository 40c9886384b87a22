/** Work that is done again and again, never twice at a time; a failure that lasts is said once. */
export const regularly = (
  ms: number,
  work: () => Promise<unknown>,
  failed: (error: unknown) => void,
): { stop(): void } => {
  let busy = false;
  let failing = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    work()
      .then(() => (failing = false))
      .catch((error: unknown) => {
        if (!failing) failed(error);
        failing = true;
      })
      .finally(() => (busy = false));
  }, ms);
  return { stop: () => clearInterval(timer) };
};
