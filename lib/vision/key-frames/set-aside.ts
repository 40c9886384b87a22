/**
 * Pictures that break decoders, and cameras that send nothing else. A picture that did so three times is not decoded again; a camera
 * of which three different pictures in a row did so is left out for a while, longer each time.
 */
import { createHash } from "node:crypto";
import type { Log } from "#lib/log.ts";

export type Break = {
  why: string;
  /** `unclear`: the decoder was killed or fell silent, as it is over good pictures too where the machine has too much to do. */
  fault: "picture" | "unclear";
};

export type SetAside = {
  /** Whether pictures of this source are not decoded for now. */
  hasSource(source: string): boolean;
  hasPicture(source: string, bytes: Uint8Array): boolean;
  broke(source: string, bytes: Uint8Array, how: Break): void;
  decoded(source: string, bytes: Uint8Array): void;
};

/** As often as a frame is offered, and pictures in a row. */
const AFTER = 3;
const FIRST_MS = 60_000;
const LONGEST_MS = 3_600_000;
/** So long a broken picture is known: longer than any frame is offered again. */
const KNOWN_MS = 600_000;
/** Of sources that broke something; the one that did so longest ago is forgotten. */
const MOST_SOURCES = 10_000;
/** Of one source: two wait and a few are in hand. */
const MOST_PICTURES = 8;

type Broken = { times: number; counted: boolean; at: number; decoded_before: number };
type Record = { broken: Map<string, Broken>; in_a_row: number; pause_ms: number; until: number };

export const setAside = (log: Log, now: () => number): SetAside => {
  const records = new Map<string, Record>();
  /** Pictures of all sources: where some are decoded, the machine is well. */
  let decodedInAll = 0;

  const leaveOut = (source: string, record: Record, why: string): void => {
    record.until = now() + record.pause_ms;
    log.warn("a camera's key frames break the decoder; it is left out for a while", {
      source,
      why,
      seconds: record.pause_ms / 1000,
    });
    // One more and it is left out again, for longer.
    record.in_a_row = AFTER - 1;
    record.pause_ms = Math.min(record.pause_ms * 2, LONGEST_MS);
  };

  return {
    hasSource: (source) => (records.get(source)?.until ?? 0) > now(),
    hasPicture(source, bytes) {
      const broken = records.get(source)?.broken;
      if (!broken) return false;
      forgetOld(broken, now() - KNOWN_MS);
      return broken.size > 0 && (broken.get(digestOf(bytes))?.times ?? 0) >= AFTER;
    },
    broke(source, bytes, { why, fault }) {
      const record = records.get(source) ?? { broken: new Map(), in_a_row: 0, pause_ms: FIRST_MS, until: 0 };
      renew(records, source, record, MOST_SOURCES);
      const digest = digestOf(bytes);
      const known = record.broken.get(digest);
      const picture = known ?? { times: 0, counted: false, at: 0, decoded_before: decodedInAll };
      renew(record.broken, digest, picture, MOST_PICTURES);
      picture.times += 1;
      picture.at = now();
      if (picture.times === AFTER)
        log.warn("a key frame broke the decoder again and again; it is set aside", { source, why, times: AFTER });
      // Twice, with others decoded in between, is no chance and no tired machine.
      const isToBlame = fault === "picture" || (known !== undefined && decodedInAll > picture.decoded_before);
      if (!isToBlame || picture.counted) return;
      picture.counted = true;
      record.in_a_row += 1;
      if (record.in_a_row >= AFTER) leaveOut(source, record, why);
    },
    decoded(source, bytes) {
      decodedInAll += 1;
      const record = records.get(source);
      if (!record) return;
      Object.assign(record, { in_a_row: 0, pause_ms: FIRST_MS, until: 0 });
      forgetOld(record.broken, now() - KNOWN_MS);
      if (record.broken.size > 0) record.broken.delete(digestOf(bytes));
      if (record.broken.size === 0) records.delete(source);
    },
  };
};

const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("base64");

/** Makes it the newest; the oldest goes where there are too many. */
const renew = <Value>(map: Map<string, Value>, key: string, value: Value, most: number): void => {
  map.delete(key);
  map.set(key, value);
  if (map.size > most) map.delete(map.keys().next().value ?? "");
};

/** They stand in the order in which they broke something. */
const forgetOld = (broken: Map<string, Broken>, before: number): void => {
  for (const [digest, { at }] of broken) {
    if (at > before) return;
    broken.delete(digest);
  }
};
