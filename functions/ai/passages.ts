/**
 * Passages: the looks at one vehicle while it passes one camera. Rules alone, without SQL and clock: which look belongs to which
 * passage, what all looks together say, and when a vehicle is parked. docs/adr/0030-passages-are-rows.md says why they are so.
 */
import { alternativesOf, CHARACTERS, POSITIONS, readingsOf } from "#lib/vision/grammar.ts";
import { TOLD_FROM } from "#lib/vision/certainty.ts";
import { addVehicle, type VehicleVotes } from "#lib/vision/vehicles/votes.ts";
import type { Alternative, PlateFound } from "#lib/vision/vision.ts";
import type { Look, Place } from "./looks.ts";

/** Looks of a vehicle that moves are not further apart. */
export const PASSAGE_GAP_MS = 30_000;
/** Of one that stands still: where nothing changes, pictures are looked at once a minute only. */
export const STANDING_GAP_MS = 90_000;
/** Seen at its place for so long it stands there. Who was seen there once may have gone, and the next one comes the same way. */
const STANDS_AFTER_MS = 1500;
/** At one place for so long, a vehicle is parked. Red lights are shorter. */
export const PARKED_MS = 120_000;
/** So long a parked one may be hidden. */
export const HIDDEN_MS = 30 * 60_000;
/** A parked one is reported again after so long. */
export const AGAIN_MS = 6 * 3_600_000;

/** Of the plate's width: moved less, it is at the same place. */
const SAME_PLACE = 0.5;
/**
 * Logarithm of the probability that two looks show one text. One clear difference is -6.8, two are -13.6, nothing legible -25; plates of
 * two vehicles have some -40.
 */
const [SAME_TEXT, SAME_TEXT_NEARBY, SAME_TEXT_NEXT_TO_IT] = [-4, -11, -16];
/** How far a plate comes, in its widths, and in what time: where its text says little. */
const [NEARBY, NEARBY_MS] = [3, 3000];
/** From one picture to the next, or the one after. */
const [NEXT_TO_IT, NEXT_TO_IT_MS] = [1.5, 1200];
const [NEARBY_UNREAD, NEARBY_UNREAD_MS] = [6, 5000];
/** No reader is so sure of a character that it could not be another. */
const DOUBT = 0.02;
const MOST_TEXTS = 8;

export type Best = Pick<PlateFound, "box" | "corners" | "rows" | "width_px" | "sharpness" | "score"> & {
  picture: { width: number; height: number };
  weight: number;
  /** Which look it was. */
  look_id: string;
};

export type Passage = {
  id: string;
  captured_at: Date;
  first_at: Date;
  last_at: Date;
  looks: number;
  suppressed: number;
  /** 7 × 36, one position after the other: the sum over looks of weight × log probability. */
  scores: Float32Array;
  weight: number;
  heaviest: number;
  votes: { old: number; mercosul: number };
  texts: Record<string, { looks: number; confidence: number }>;
  /** `null`: nobody looked for it. */
  vehicle: VehicleVotes | null;
  place: Place;
  rests_since: Date;
  best: Best;
};

export type PassageReading = { plate: string | null; confidence: number; alternatives: Alternative[] };

export const begin = (look: Look): Passage =>
  add(
    {
      id: look.id,
      captured_at: look.at,
      first_at: look.at,
      last_at: look.at,
      looks: 0,
      suppressed: 0,
      scores: new Float32Array(POSITIONS * CHARACTERS.length),
      weight: 0,
      heaviest: 0,
      votes: { old: 0, mercosul: 0 },
      texts: {},
      vehicle: null,
      place: look.place,
      rests_since: look.at,
      best: bestOf(look),
    },
    look,
  );

/** Sums do not care about the order in which looks come. */
export const add = <P extends Passage>(passage: P, look: Look): P => {
  const { found, weight, at } = look;
  const size = CHARACTERS.length;
  const scores = passage.scores.map(
    (sum, index) => sum + weight * (found.positions[Math.floor(index / size)]?.[index % size] ?? 0),
  );
  const rests = isSamePlace(passage.place, look.place);
  const isNewest = at >= passage.last_at;
  return {
    ...passage,
    first_at: at < passage.first_at ? at : passage.first_at,
    last_at: isNewest ? at : passage.last_at,
    looks: passage.looks + 1,
    scores,
    weight: passage.weight + weight,
    heaviest: Math.max(passage.heaviest, weight),
    votes: votedBy(passage.votes, look),
    texts: textsWith(passage.texts, found),
    vehicle: addVehicle(passage.vehicle, look.vehicle),
    place: rests || !isNewest ? passage.place : look.place,
    rests_since: rests || !isNewest ? passage.rests_since : at,
    best: isBetter(passage, look) ? bestOf(look) : passage.best,
  };
};

/** A parked vehicle was seen once more. */
export const suppress = <P extends Passage>(passage: P, look: Look): P => ({
  ...passage,
  last_at: look.at > passage.last_at ? look.at : passage.last_at,
  suppressed: passage.suppressed + 1,
});

/** Its pictures are worth the exchange. */
export const isBetter = ({ best }: Pick<Passage, "best">, { weight, id }: Look): boolean =>
  weight > best.weight * 1.5 && id !== best.look_id;

const bestOf = ({ id, found, picture, weight }: Look): Best => {
  const { box, corners, rows, width_px, sharpness, score } = found;
  return { box, corners, rows, width_px, sharpness, score, picture, weight, look_id: id };
};

const votedBy = (votes: Passage["votes"], { found: { layout }, weight }: Look): Passage["votes"] =>
  layout === null ? votes : { ...votes, [layout]: votes[layout] + weight };

const textsWith = (texts: Passage["texts"], { text, confidence }: PlateFound): Passage["texts"] => {
  if (text === null) return texts;
  const before = texts[text] ?? { looks: 0, confidence: 0 };
  const now = { looks: before.looks + 1, confidence: Math.max(before.confidence, confidence) };
  const all = Object.entries({ ...texts, [text]: now }).toSorted(([, a], [, b]) => b.confidence - a.confidence);
  return Object.fromEntries(all.slice(0, MOST_TEXTS));
};

/**
 * What all looks together say of each position. Looks at one plate err alike (the same dirt, the same angle), so that n equally
 * good ones count as √n; a poor one beside a good one hardly counts.
 */
export const positionsOf = ({ scores, weight, heaviest }: Passage): Float32Array[] => {
  const scale = Math.sqrt(weight / heaviest) / weight;
  return Array.from({ length: POSITIONS }, (_, at) =>
    normalised(scores.subarray(at * CHARACTERS.length, (at + 1) * CHARACTERS.length).map((score) => score * scale)),
  );
};

const normalised = (logs: Float32Array): Float32Array => {
  const most = Math.max(...logs);
  const whole = most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0));
  return logs.map((log) => log - whole);
};

/** With one look: what that look said. `first`: that look. */
export const readingOf = (passage: Passage, first?: PlateFound): PassageReading => {
  if (first !== undefined && passage.looks === 1) {
    const { text, confidence, alternatives } = first;
    return readable({ plate: text, confidence, alternatives });
  }
  const { old, mercosul } = passage.votes;
  // A look without a vote leaves it open; the share of each is split over one and two rows.
  const share = (votes: number): number => (votes + 0.25) / (old + mercosul + 0.5) / 2;
  const layout = Float32Array.of(share(old), share(mercosul), share(old), share(mercosul));
  const readings = readingsOf(positionsOf(passage), layout);
  const [likeliest] = readings;
  if (!likeliest || Object.keys(passage.texts).length === 0) return { plate: null, confidence: 0, alternatives: [] };
  const confidence = likeliest.share * agreed(passage.texts, likeliest.text);
  return readable({ plate: likeliest.text, confidence, alternatives: alternativesOf(readings, confidence) });
};

/** How sure the looks are that said this text; a text that no look said by itself is nobody's word. */
const agreed = (texts: Passage["texts"], text: string): number => {
  const own = texts[text];
  if (own) return 1 - (1 - own.confidence) ** Math.sqrt(own.looks);
  return Math.max(...Object.values(texts).map(({ confidence }) => confidence)) / 2;
};

const readable = (reading: PassageReading): PassageReading =>
  reading.plate === null || reading.confidence < TOLD_FROM ? { ...reading, plate: null } : reading;

const isSamePlace = (a: Place, b: Place): boolean => widthsBetween(a, b) <= SAME_PLACE;
const widthsBetween = (a: Place, b: Place): number => Math.hypot(a.x - b.x, a.y - b.y) / Math.max(a.width, b.width);

const restedMs = ({ last_at, rests_since }: Passage): number => last_at.getTime() - rests_since.getTime();

export const isParked = (passage: Passage): boolean => restedMs(passage) >= PARKED_MS;

/** Logarithm: how likely it is that both show one text. */
export const agreement = (passage: Passage, { found }: Look): number => {
  const other = positionsOf(passage);
  const doubted = (log: number): number => (1 - DOUBT) * Math.exp(log) + DOUBT / CHARACTERS.length;
  return found.positions.reduce((sum, logs, at) => {
    const both = logs.reduce((same, log, of) => same + doubted(log) * doubted(other[at]?.[of] ?? -50), 0);
    return sum + Math.log(both);
  }, 0);
};

/** Time between a look and what is known of a passage, 0 within it. */
const apart = ({ first_at, last_at }: Passage, at: Date): number =>
  Math.max(0, first_at.getTime() - at.getTime(), at.getTime() - last_at.getTime());

/** `null`: not this vehicle, or not this passage of it. Else the better, the greater. */
const closeness = (passage: Passage, look: Look): number | null => {
  const ms = apart(passage, look.at);
  const parked = isParked(passage);
  const stays = isSamePlace(passage.place, look.place);
  if (look.at.getTime() - passage.captured_at.getTime() > AGAIN_MS) return null;
  // It has left its place: that is another passage.
  if (parked && !stays) return null;
  const stands = stays && restedMs(passage) >= STANDS_AFTER_MS;
  if (ms > (parked ? HIDDEN_MS : stands ? STANDING_GAP_MS : PASSAGE_GAP_MS)) return null;
  const same = agreement(passage, look);
  if (same >= SAME_TEXT) return same;
  const widths = widthsBetween(passage.place, look.place);
  if (same >= SAME_TEXT_NEARBY && (stands || (widths <= NEARBY && ms <= NEARBY_MS))) return same;
  if (same >= SAME_TEXT_NEXT_TO_IT && widths <= NEXT_TO_IT && ms <= NEXT_TO_IT_MS) return same;
  const isUnread = look.found.text === null || Object.keys(passage.texts).length === 0;
  if (isUnread && (stands || (widths <= NEARBY_UNREAD && ms <= NEARBY_UNREAD_MS))) return same - widths;
  return null;
};

/** The passage of each look, the closest pairs first: in one frame no vehicle shows two plates of one kind. */
export const passagesOf = <P extends Passage>(passages: readonly P[], looks: readonly Look[]): (P | null)[] => {
  const pairs = looks
    .flatMap((look, index) =>
      passages.flatMap((passage) => {
        const close = closeness(passage, look);
        return close === null ? [] : [{ index, passage, close }];
      }),
    )
    .toSorted((a, b) => b.close - a.close);
  const found: (P | null)[] = looks.map(() => null);
  const taken = new Set<P>();
  for (const { index, passage } of pairs) {
    if (found[index] || taken.has(passage)) continue;
    found[index] = passage;
    taken.add(passage);
  }
  return found;
};
