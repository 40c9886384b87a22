/**
 * News of the cities that are not on the screen. The socket tells them one by one; what it may have missed is asked for, one
 * city after the other, so that a station that sees a whole state is no burden when many come back at once.
 */
import type { Alert } from "#functions/ai/contract.ts";
import { createRefresher } from "#console/live/refresher.ts";
import { createArrivals, type Arrivals } from "./arrivals.ts";

export type Elsewhere = {
  /** Something may have been missed, or it is the first time: then nothing is news yet. */
  ask(needs: ElsewhereNeeds): void;
  /** Told by the socket already. */
  seen(alert: Alert): void;
};

export type ElsewhereNeeds = {
  cities: readonly string[];
  /** The newest that nobody has acknowledged. */
  list(cidade_id: string): Promise<readonly Alert[]>;
  onNews(alerts: readonly Alert[]): void;
};

export const createElsewhere = (): Elsewhere => {
  let latest: ElsewhereNeeds | null = null;
  const known = new Map<string, Arrivals>();
  const arrivalsOf = (cidade_id: string): Arrivals => {
    const arrivals = known.get(cidade_id) ?? createArrivals();
    known.set(cidade_id, arrivals);
    return arrivals;
  };
  const refresh = createRefresher(async () => {
    const { cities, list, onNews } = latest ?? nothing;
    for (const cidade_id of cities) {
      // A city that cannot be asked now is asked the next time.
      const items = await list(cidade_id).catch(() => null);
      const news = items ? arrivalsOf(cidade_id).of(items) : [];
      if (news.length > 0) onNews(news);
    }
  });
  return {
    ask: (needs) => {
      latest = needs;
      refresh("alerts");
    },
    seen: (alert) => void arrivalsOf(alert.cidade_id).of([alert]),
  };
};

const nothing: ElsewhereNeeds = { cities: [], list: async () => [], onNews: () => undefined };
