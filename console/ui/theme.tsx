/** `night` for the dark room, `day` for the lit one. A matter of this workstation, so it is kept here. */
import { Moon, Sun } from "lucide-react";
import { useMessages } from "#console/messages/language.tsx";
import { IconAction } from "./parts.tsx";
import { createStore, useStore } from "./store.ts";

const STORED = "gt.theme";
type Theme = "night" | "day";
const theme = createStore<Theme>(localStorage.getItem(STORED) === "day" ? "day" : "night");
const apply = (): void => {
  document.documentElement.dataset["theme"] = theme.get();
  localStorage.setItem(STORED, theme.get());
};
apply();
theme.subscribe(apply);

export const ThemeChoice = () => {
  const m = useMessages();
  const isDay = useStore(theme) === "day";
  return (
    <IconAction label={isDay ? m.nav.night : m.nav.day} onPress={() => theme.set(isDay ? "night" : "day")}>
      {isDay ? <Moon size={18} /> : <Sun size={18} />}
    </IconAction>
  );
};
