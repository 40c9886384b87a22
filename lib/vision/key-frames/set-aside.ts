/** Cameras whose pictures break decoders: after three in a row they are left out for a while, longer each time. */
import type { Log } from "#lib/log.ts";

export type SetAside = {
  /** Whether pictures of this source are not decoded for now. */
  has(source: string): boolean;
  broke(source: string, why: string): void;
  decoded(source: string): void;
  /** How many are set aside now. */
  count(): number;
};

const AFTER = 3;
const FIRST_MS = 60_000;
const LONGEST_MS = 3_600_000;
/** Of sources that broke something; the one that did so longest ago is forgotten. */
const MOST_SOURCES = 10_000;

type Record = { breaks: number; pause_ms: number; until: number };

export const setAside = (log: Log, now: () => number): SetAside => {
  const records = new Map<string, Record>();
  return {
    has: (source) => (records.get(source)?.until ?? 0) > now(),
    broke(source, why) {
      const record = records.get(source) ?? { breaks: 0, pause_ms: FIRST_MS, until: 0 };
      records.delete(source);
      records.set(source, record);
      if (records.size > MOST_SOURCES) records.delete(records.keys().next().value ?? "");
      record.breaks += 1;
      if (record.breaks < AFTER) return;
      record.until = now() + record.pause_ms;
      log.warn("a camera's key frames break the decoder; it is left out for a while", {
        source,
        why,
        seconds: record.pause_ms / 1000,
      });
      // One more and it is left out again, for longer.
      record.breaks = AFTER - 1;
      record.pause_ms = Math.min(record.pause_ms * 2, LONGEST_MS);
    },
    decoded: (source) => void records.delete(source),
    count: () => [...records.values()].filter(({ until }) => until > now()).length,
  };
};
