/** Looks that the server has not taken yet: of each camera in the order of their time, bounded by count and bytes. */
import type { SiteLooks } from "#functions/ai/contract.ts";
import type { LookPictures } from "./look-pictures.ts";

export type SiteReading = {
  looks: SiteLooks;
  pictures: LookPictures;
  /** Plates whose pictures the server has asked for: on a bad line it is not asked twice. */
  wanted?: readonly number[];
};
export type Bounds = { count: number; bytes: number };

export type WaitingLooks = {
  add(reading: SiteReading): void;
  /** The oldest of a camera none of whose looks is in hand; in hand from here on. */
  take(): SiteReading | undefined;
  isInHand(reading: SiteReading): boolean;
  /** It is its camera's next again. */
  putBack(reading: SiteReading): void;
  remove(reading: SiteReading): void;
  /** Answers those that had to go, the oldest first: what is in hand stays. */
  trim(): SiteReading[];
  all(): SiteReading[];
  size(): Bounds;
};

/** A plate with its probabilities, as JSON and as objects. */
const PLATE_BYTES = 8192;

export const waitingLooks = (bounds: Bounds): WaitingLooks => {
  /** In the order in which they came. */
  const waiting = new Set<SiteReading>();
  const inHand = new Set<SiteReading>();
  const size = (): Bounds => ({
    count: waiting.size,
    bytes: [...waiting].reduce(
      (sum, { looks, pictures }) => sum + pictures.bytes() + PLATE_BYTES * (1 + looks.plates.length),
      0,
    ),
  });
  return {
    add: (reading) => void waiting.add(reading),
    take() {
      const busy = new Set([...inHand].map(({ looks }) => looks.camera_id));
      const free = [...waiting].filter(({ looks }) => !busy.has(looks.camera_id));
      const camera_id = free[0]?.looks.camera_id;
      const [oldest] = free.filter(({ looks }) => looks.camera_id === camera_id).toSorted(byTime);
      if (oldest) inHand.add(oldest);
      return oldest;
    },
    isInHand: (reading) => inHand.has(reading),
    putBack: (reading) => void inHand.delete(reading),
    remove(reading) {
      inHand.delete(reading);
      waiting.delete(reading);
    },
    trim() {
      const dropped: SiteReading[] = [];
      const oldestFirst = [...waiting].filter((reading) => !inHand.has(reading)).toSorted(byTime);
      for (const oldest of oldestFirst) {
        const { count, bytes } = size();
        if (count <= bounds.count && bytes <= bounds.bytes) break;
        waiting.delete(oldest);
        dropped.push(oldest);
      }
      return dropped;
    },
    all: () => [...waiting],
    size,
  };
};

const timeOf = ({ looks }: SiteReading): number => Date.parse(looks.captured_at);
const byTime = (a: SiteReading, b: SiteReading): number => timeOf(a) - timeOf(b);
