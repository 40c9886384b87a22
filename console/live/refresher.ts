/**
 * Asks lists again when something says that they changed. What is said while one is being asked may not be in its answer any more:
 * it is asked once more afterwards, however often it was said, so that a flood never keeps a list from being answered at all.
 */
export const createRefresher = (ask: (key: string) => Promise<void>): ((key: string) => void) => {
  const running = new Set<string>();
  const again = new Set<string>();
  const run = async (key: string): Promise<void> => {
    running.add(key);
    try {
      do {
        again.delete(key);
        await ask(key);
      } while (again.has(key));
    } finally {
      running.delete(key);
    }
  };
  return (key) => {
    if (running.has(key)) again.add(key);
    else void run(key);
  };
};
