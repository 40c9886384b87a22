/** Which key does what on a camera's page. By the key's place, so that a layout that moves signs changes nothing. */

export type KeyAction =
  | { type: "step"; ms: number }
  | { type: "edge"; direction: -1 | 1 }
  | { type: "day"; end: "start" | "end" }
  | { type: "zoom"; factor: number }
  | { type: "toggle" | "pause" | "faster" | "back" | "now" | "in" | "out" | "export" | "goTo" };

type Press = { code: string; key: string; shiftKey: boolean; ctrlKey: boolean; altKey: boolean; metaKey: boolean };

const letters: Record<string, KeyAction> = {
  KeyJ: { type: "back" },
  KeyK: { type: "pause" },
  KeyL: { type: "faster" },
  KeyI: { type: "in" },
  KeyO: { type: "out" },
  KeyX: { type: "export" },
  KeyN: { type: "now" },
  KeyT: { type: "goTo" },
};

const others: Record<string, KeyAction> = {
  Space: { type: "toggle" },
  Home: { type: "day", end: "start" },
  End: { type: "day", end: "end" },
  PageUp: { type: "step", ms: -600_000 },
  PageDown: { type: "step", ms: 600_000 },
};

/** `letters`: single letters may be switched off; the others have no meaning elsewhere on the page. */
export const actionOf = (press: Press, lettersOn: boolean): KeyAction | null => {
  const { code, key, shiftKey, ctrlKey, altKey, metaKey } = press;
  if (altKey || metaKey) return null;
  if (code === "ArrowLeft" || code === "ArrowRight") {
    const direction = code === "ArrowLeft" ? -1 : 1;
    if (shiftKey) return { type: "edge", direction };
    return { type: "step", ms: direction * (ctrlKey ? 60_000 : 10_000) };
  }
  if (ctrlKey) return null;
  if (key === "+" || key === "=") return { type: "zoom", factor: 0.5 };
  if (key === "-") return { type: "zoom", factor: 2 };
  return others[code] ?? (lettersOn && !shiftKey ? (letters[code] ?? null) : null);
};

/** What is typed into a field, or said to a button, is not for the page. */
export const isForThePage = (target: EventTarget | null, code: string): boolean => {
  if (!(target instanceof Element)) return true;
  if (target.closest("input, select, textarea, video[controls], [role=dialog]")) return false;
  return !((code === "Space" || code === "Enter") && target.closest("button, a, summary, label"));
};

export const SPEEDS = [0.5, 1, 2, 4, 8, 16] as const;
export const fasterThan = (speed: number): number => SPEEDS.find((one) => one > speed) ?? 16;
