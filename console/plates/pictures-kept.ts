/**
 * Each answer signs its pictures anew. A list that is asked again with every passage would load every picture again: what is
 * on the screen keeps the address it has until that is nearly spent.
 */
import type { PlateRead } from "#functions/ai/contract.ts";

/** An address lives ten minutes. */
const KEPT_MS = 8 * 60_000;

export type PicturesKept = { keep(items: readonly PlateRead[], now_ms: number): PlateRead[] };

export const createPicturesKept = (): PicturesKept => {
  let known = new Map<string, { read: PlateRead; since: number }>();
  return {
    keep(items, now) {
      const next: typeof known = new Map();
      for (const read of items) {
        const old = known.get(read.id);
        const isGood = old !== undefined && now - old.since < KEPT_MS && samePictures(old.read, read);
        next.set(read.id, isGood ? old : { read, since: now });
      }
      known = next;
      return items.map((read) => next.get(read.id)?.read ?? read);
    },
  };
};

/** A picture that came since, or was taken away, is not kept from being seen. */
const samePictures = (one: PlateRead, other: PlateRead): boolean =>
  (one.image_url === null) === (other.image_url === null) &&
  (one.plate_image_url === null) === (other.plate_image_url === null);
