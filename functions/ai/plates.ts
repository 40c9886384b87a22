/**
 * Brazilian plates as texts: old `LLLDDDD`, Mercosul `LLLDLDD` (Contran resolution 969/2022). A vehicle that changed from old to
 * Mercosul keeps its plate but for the fifth character: 0A 1B 2C 3D 4E 5F 6G 7H 8I 9J.
 */
export type Layout = "old" | "mercosul" | "other";

export const PLATE_LENGTH = 7;
const LONGEST = 8;
const OLD = /^[A-Z]{3}[0-9]{4}$/;
const MERCOSUL = /^[A-Z]{3}[0-9][A-Z][0-9]{2}$/;
const FIFTH = 4;
const LETTERS = "ABCDEFGHIJ";

/** Capital letters and digits, as stored; `null` when nothing that could be a plate is left. Foreign plates have up to 8. */
export const normalise = (raw: string): string | null => {
  const plate = raw.toUpperCase().replaceAll(/[\s.·•-]/g, "");
  return /^[A-Z0-9]+$/.test(plate) && plate.length >= 2 && plate.length <= LONGEST ? plate : null;
};

export const layoutOf = (plate: string): Layout =>
  OLD.test(plate) ? "old" : MERCOSUL.test(plate) ? "mercosul" : "other";

/** The same vehicle's plate in the other layout; `null` where there is none (K–Z exist only as native Mercosul). */
export const twinOf = (plate: string): string | null => {
  const layout = layoutOf(plate);
  const fifth = plate.charAt(FIFTH);
  if (layout === "old") return replaceFifth(plate, LETTERS.charAt(Number(fifth)));
  if (layout === "mercosul" && LETTERS.includes(fifth)) return replaceFifth(plate, String(LETTERS.indexOf(fifth)));
  return null;
};

const replaceFifth = (plate: string, char: string): string =>
  `${plate.slice(0, FIFTH)}${char}${plate.slice(FIFTH + 1)}`;

/** Equality keys of a plate for wildcard searches: a position and the two characters that begin there, `0AB`, `1BC` … */
export const keysOf = (plate: string): string[] =>
  Array.from({ length: plate.length - 1 }, (_, at) => `${at}${plate.slice(at, at + 2)}`);
