/** What somebody types to find plates, told back before it is asked. Whether it may be asked is for the server to say. */

export type Mask = { kind: "exact" | "prefix" | "wildcard"; shown: string };

/** null: too little to say anything about. */
export const readMask = (typed: string): Mask | null => {
  const text = typed.toUpperCase().replaceAll(/[^A-Z0-9?*]/g, "");
  if (text.replaceAll(/[?*]/g, "").length < 2) return null;
  if (!/[?*]/.test(text)) return { kind: "exact", shown: text };
  if (/^[A-Z0-9]+\*$/.test(text)) return { kind: "prefix", shown: text.slice(0, -1) };
  const [before = "", after = ""] = text.split("*");
  const missing = text.includes("*") ? "·".repeat(Math.max(0, PLATE_LENGTH - before.length - after.length)) : "";
  return { kind: "wildcard", shown: `${before}${missing}${after}`.replaceAll("?", "·") };
};

/** Old and Mercosul alike. */
const PLATE_LENGTH = 7;
