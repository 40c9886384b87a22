import { describe, expect, test } from "vitest";
import { actionOf, fasterThan } from "./keys.ts";

const none = { key: "", shiftKey: false, ctrlKey: false, altKey: false, metaKey: false };
const press = (code: string, more: Partial<typeof none> = {}, lettersOn = true) =>
  actionOf({ ...none, code, ...more }, lettersOn);

describe("keys of the timeline", () => {
  test("arrows step ten seconds, with Ctrl a minute, with Shift to the next edge of a gap", () => {
    expect(press("ArrowLeft")).toEqual({ type: "step", ms: -10_000 });
    expect(press("ArrowRight", { ctrlKey: true })).toEqual({ type: "step", ms: 60_000 });
    expect(press("ArrowRight", { shiftKey: true })).toEqual({ type: "edge", direction: 1 });
  });

  test("letters that are switched off do nothing, and what moves the slider still does", () => {
    expect(press("KeyI")).toEqual({ type: "in" });
    expect(press("KeyI", {}, false)).toBeNull();
    expect(press("Space", {}, false)).toEqual({ type: "toggle" });
    expect(press("ArrowLeft", {}, false)).not.toBeNull();
  });

  test("the browser's own combinations are left alone", () => {
    expect(press("KeyT", { ctrlKey: true })).toBeNull();
    expect(press("KeyN", { metaKey: true })).toBeNull();
    expect(press("ArrowLeft", { altKey: true })).toBeNull();
    expect(press("Minus", { ctrlKey: true, key: "-" })).toBeNull();
  });

  test("each press is faster, up to sixteen times", () => {
    expect(fasterThan(1)).toBe(2);
    expect(fasterThan(16)).toBe(16);
  });
});
