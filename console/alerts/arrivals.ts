/** Which alerts of a list are news. What stood there when the page was opened is not; it is counted, not announced. */
import type { Alert } from "#functions/ai/contract.ts";

export type Arrivals = { of(items: readonly Alert[]): Alert[] };

/** Two that are matched at once may come in the wrong order, so far apart at most. */
const DISORDER_MS = 60_000;

export const createArrivals = (): Arrivals => {
  const seen = new Set<string>();
  let newest: number | null = null;
  return {
    of(items) {
      const before = newest;
      // An old one comes into view when those above it are acknowledged: unseen, and no news.
      const isNews = ({ id, created_at }: Alert): boolean =>
        before !== null && !seen.has(id) && Date.parse(created_at) > before - DISORDER_MS;
      const fresh = items.filter(isNews);
      for (const { id } of items) seen.add(id);
      newest = items.reduce((most, { created_at }) => Math.max(most, Date.parse(created_at)), before ?? 0);
      return fresh;
    },
  };
};
