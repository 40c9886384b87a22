/**
 * Vehicles that pass without showing a plate: what is not the street, as large as a vehicle is there, and moves through. How large
 * that is, is learnt from the plates that were seen: where they hang and how wide they are. Followed from picture to picture in
 * memory; what is lost with it is not counted, and nothing is counted twice.
 */
import { uuidv7 } from "#lib/ids.ts";
import { COLUMNS, ROWS, type Changed } from "./street.ts";
import { regionsOf, type Region } from "./regions.ts";

/** Centre and width, in cells. */
export type PlateAt = { x: number; y: number; width: number };
/** Someone who passed; times of the pictures that showed it first and last. `observer`: whose memory it is from. */
export type Passer = { first_at: Date; last_at: Date; looks: number; observer: string };

type Track = Omit<Passer, "observer"> & {
  start: Region;
  last: Region;
  moved: { x: number; y: number };
  widest: number;
  has_plate: boolean;
};

export type Passers = {
  /** Answers who has gone since. Plates are those of this picture. */
  follow(at: Date, changed: Changed, plates: readonly PlateAt[]): Passer[];
};

/** Two pictures a second, of which some are left out when there is much to do. */
const GONE_MS = 1600;
const LEAST_LOOKS = 3;
/** Of its own size: who sways in the wind does not move on. */
const LEAST_WAY = 1;
/** Three plates are 1.2 m: less are people and dogs. Until it is known how large a plate is there, so many cells. */
const [LEAST_PLATES, LEAST_WIDTH] = [3, 12];
const LEAST_PLATES_SEEN = 8;
/** In cells: farther away vehicles run into each other, and are seen when they are nearer. */
const LEAST_SIDE = 8;
/** A region that fills so much is the light that changed. */
const MOST_SHARE = 0.6;

export const openPassers = (): Passers => {
  let tracks: Track[] = [];
  let newest = 0;
  const observer = uuidv7();
  const sizes = openSizes();
  return {
    follow(at, changed, plates) {
      // Pictures that come late, or again, show where somebody was.
      if (at.getTime() <= newest) return [];
      newest = at.getTime();
      for (const plate of plates) sizes.learn(plate);
      const regions = regionsOf(changed).filter(
        ({ width, height }) =>
          width >= LEAST_SIDE && height >= LEAST_SIDE && width * height < MOST_SHARE * COLUMNS * ROWS,
      );
      const before = tracks.filter(({ last_at }) => at.getTime() - last_at.getTime() <= GONE_MS);
      const gone = tracks.filter((track) => !before.includes(track));
      tracks = followed(before, regions, at, plates);
      return gone
        .filter((track) => isPasser(track, sizes))
        .map(({ first_at, last_at, looks }) => ({ first_at, last_at, looks, observer }));
    },
  };
};

const followed = (
  before: readonly Track[],
  regions: readonly Region[],
  at: Date,
  plates: readonly PlateAt[],
): Track[] => {
  const open = new Set(before);
  const next: Track[] = [];
  for (const region of regions.toSorted((a, b) => areaOf(b) - areaOf(a))) {
    const known = closest([...open], region);
    const shows = plates.some((plate) => contains(region, plate));
    // What breaks off from somebody, or into which somebody has run, is not somebody new.
    const parts = before.filter((track) => overlaps(track.last, region));
    const has_plate = shows || parts.some((track) => track.has_plate) || (known === null && parts.length > 0);
    if (known) open.delete(known);
    next.push(known ? stepped(known, region, at, has_plate) : begun(region, at, has_plate));
  }
  return [...next, ...open];
};

const begun = (region: Region, at: Date, has_plate: boolean): Track => ({
  first_at: at,
  last_at: at,
  looks: 1,
  start: region,
  last: region,
  moved: { x: 0, y: 0 },
  widest: region.width,
  has_plate,
});

const stepped = (track: Track, region: Region, at: Date, has_plate: boolean): Track => {
  const [now, was] = [middleOf(region), middleOf(track.last)];
  return {
    ...track,
    last_at: at,
    looks: track.looks + 1,
    last: region,
    moved: { x: now.x - was.x, y: now.y - was.y },
    widest: Math.max(track.widest, region.width),
    has_plate: track.has_plate || has_plate,
  };
};

const closest = (tracks: readonly Track[], region: Region): Track | null => {
  const at = middleOf(region);
  const near = tracks
    .map((track) => {
      const was = middleOf(track.last);
      const distance = Math.hypot(was.x + track.moved.x - at.x, was.y + track.moved.y - at.y);
      return { track, share: distance / Math.max(8, Math.hypot(region.width, region.height)) };
    })
    .filter(
      ({ share, track }) =>
        share < 1.2 && areaOf(region) < areaOf(track.last) * 5 && areaOf(region) * 5 > areaOf(track.last),
    );
  return near.toSorted((a, b) => a.share - b.share)[0]?.track ?? null;
};

const isPasser = ({ has_plate, looks, start, last, widest }: Track, sizes: Sizes): boolean => {
  if (
    has_plate ||
    looks < LEAST_LOOKS ||
    widest < sizes.leastWidth(Math.max(start.y + start.height, last.y + last.height))
  )
    return false;
  const [from, to] = [middleOf(start), middleOf(last)];
  const size = Math.min(Math.max(start.width, start.height), Math.max(last.width, last.height));
  return Math.hypot(from.x - to.x, from.y - to.y) >= LEAST_WAY * size;
};

type Sizes = { learn(plate: PlateAt): void; leastWidth(foot: number): number };

/** The further down in the picture the wider is a plate: a line through what was seen. */
const openSizes = (): Sizes => {
  let [count, x, y, xx, xy] = [0, 0, 0, 0, 0];
  return {
    learn(plate) {
      count += 1;
      x += plate.y;
      y += plate.width;
      xx += plate.y * plate.y;
      xy += plate.y * plate.width;
    },
    leastWidth(foot) {
      const spread = count * xx - x * x;
      if (count < LEAST_PLATES_SEEN || spread <= 0) return LEAST_WIDTH;
      const slope = Math.max(0, (count * xy - x * y) / spread);
      return Math.max(LEAST_WIDTH, LEAST_PLATES * ((y - slope * x) / count + slope * foot));
    },
  };
};

const middleOf = ({ x, y, width, height }: Region): { x: number; y: number } => ({
  x: x + width / 2,
  y: y + height / 2,
});
const areaOf = ({ width, height }: Region): number => width * height;
const contains = ({ x, y, width, height }: Region, plate: PlateAt): boolean =>
  plate.x >= x - 2 && plate.x <= x + width + 2 && plate.y >= y - 2 && plate.y <= y + height + 2;
const overlaps = (a: Region, b: Region): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
