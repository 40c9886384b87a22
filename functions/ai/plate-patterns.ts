/**
 * What somebody types to find plates → something an index can find. Row-level security lets no index serve `like`, so that a
 * prefix is a range and a wildcard goes through equality on pairs of neighbouring characters (`keysOf`).
 */
import { AppError } from "#lib/errors.ts";
import { PLATE_LENGTH, keysOf } from "./plates.ts";

export type PlatePattern =
  | { kind: "exact"; plate: string }
  /** `from` ≤ plate < `to` in collation "C". */
  | { kind: "prefix"; from: string; to: string }
  /** Most selective key first; `regex` is the whole pattern. */
  | { kind: "wildcard"; keys: string[]; regex: string };

/** Three leading characters are one of 17 576 to one of 46 656: few enough to be sorted. Two go by their key. */
const PREFIX_BY_RANGE = 3;

/** `?` stands for one character, `*` for any number, once. Throws `invalid` for what would read the whole table. */
export const readPattern = (typed: string): PlatePattern => {
  const text = typed.toUpperCase().replaceAll(/[\s.·•-]/g, "");
  if (!/^[A-Z0-9?*]{2,12}$/.test(text)) throw refused("plate.pattern_form");
  if (!/[?*]/.test(text)) return { kind: "exact", plate: text };
  const head = text.slice(0, -1);
  if (text.endsWith("*") && !/[?*]/.test(head) && head.length >= PREFIX_BY_RANGE) {
    return { kind: "prefix", from: head, to: successor(head) };
  }
  return wildcard(text);
};

/** With one `*` every position is known, because a plate has seven characters. */
const wildcard = (text: string): PlatePattern => {
  const [before = "", after, more] = text.split("*");
  if (more !== undefined) throw refused("plate.pattern_stars");
  const missing = PLATE_LENGTH - before.length - (after ?? "").length;
  if (missing < 0) throw refused("plate.pattern_form");
  if (after === undefined && missing > 0) throw refused("plate.pattern_short");
  const full = `${before}${"?".repeat(missing)}${after ?? ""}`;
  const keys = keysOf(full)
    .filter((key) => !key.includes("?"))
    .toSorted((a, b) => weight(b) - weight(a));
  if (keys.length === 0) throw refused("plate.pattern_pairs");
  return { kind: "wildcard", keys, regex: `^${full.replaceAll("?", ".")}$` };
};

/** A pair of letters is one of 676, of digits one of 100. */
const weight = (key: string): number => (key.slice(1).match(/[A-Z]/g) ?? []).length;

/** The smallest text after all that begin with `head`; after `Z` comes `[`. */
const successor = (head: string): string =>
  head.slice(0, -1) + String.fromCodePoint((head.codePointAt(head.length - 1) ?? 0) + 1);

const refused = (reason: string): AppError =>
  new AppError("invalid", "The pattern cannot be searched", { reason, errors: [{ path: "plate", code: reason }] });
