/** Keys of one letter. Silent while somebody types, in dialogs and with a modifier; they can be switched off (WCAG 2.1.4). */
import { useEffect, useRef } from "react";
import { createStore } from "./store.ts";

const STORED = "gt.shortcuts";
export const shortcutsOn = createStore(localStorage.getItem(STORED) !== "off");
shortcutsOn.subscribe(() => localStorage.setItem(STORED, shortcutsOn.get() ? "on" : "off"));

export const useShortcuts = (actions: Record<string, () => void>): void => {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const { target, key } = event;
      if (!shortcutsOn.get() || event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
      if (target instanceof Element && target.closest("input, select, textarea, [role=dialog]")) return;
      const action = latest.current[key.toLowerCase()];
      if (!action) return;
      event.preventDefault();
      action();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
};
