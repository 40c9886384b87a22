/** The keys of a camera's page, wherever the focus is on it. */
import { useEffect, useEffectEvent } from "react";
import { shortcutsOn } from "#console/ui/shortcuts.ts";
import { actionOf, isForThePage, type KeyAction } from "./keys.ts";

export const useTimelineKeys = (act: (action: KeyAction) => void): void => {
  const onKey = useEffectEvent((event: KeyboardEvent): void => {
    if (event.defaultPrevented || !isForThePage(event.target, event.code)) return;
    const action = actionOf(event, shortcutsOn.get());
    if (!action) return;
    event.preventDefault();
    act(action);
  });
  useEffect(() => {
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
};
