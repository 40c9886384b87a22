/** The hours and weathers in which the demonstration's streets are drawn. */
import { colour, hex, mix, under, type Colour } from "./colours.ts";

export type Weather = "clear" | "rain" | "fog";

export type Light = {
  /** From the zenith to the horizon. */
  sky: readonly [Colour, Colour, Colour];
  /** What daylight does to everything that does not shine by itself. */
  ambient: readonly [number, number, number];
  /** What distance dissolves into, and within how many metres most of it. */
  haze: Colour;
  haze_metres: number;
  lamps: boolean;
  /** Share of windows that are lit. */
  windows: number;
  sun: { x: number; y: number; colour: Colour; radius: number } | null;
  stars: boolean;
  clouds: Colour | null;
  weather: Weather;
};

const c = colour;

export const lights = {
  day: {
    sky: [c("#3f8fd6"), c("#8cc3ee"), c("#dcedf6")],
    ambient: [1, 1, 1],
    haze: c("#cfe2ee"),
    haze_metres: 260,
    lamps: false,
    windows: 0,
    sun: null,
    stars: false,
    clouds: c("#ffffff"),
    weather: "clear",
  },
  morning: {
    sky: [c("#6fa8d8"), c("#f3d9b8"), c("#ffe9c4")],
    ambient: [1, 0.94, 0.84],
    haze: c("#f6e3c6"),
    haze_metres: 170,
    lamps: false,
    windows: 0.05,
    sun: { x: 0.62, y: 0.2, colour: c("#fff4d2"), radius: 26 },
    stars: false,
    clouds: c("#fff3e0"),
    weather: "clear",
  },
  dusk: {
    sky: [c("#2c2f63"), c("#b0557b"), c("#ffb066")],
    ambient: [0.66, 0.52, 0.58],
    haze: c("#d8876b"),
    haze_metres: 210,
    lamps: true,
    windows: 0.45,
    sun: { x: 0.5, y: 0.255, colour: c("#ffdf9a"), radius: 30 },
    stars: false,
    clouds: c("#e58a78"),
    weather: "clear",
  },
  night: {
    sky: [c("#070c22"), c("#121d44"), c("#35407a")],
    ambient: [0.34, 0.37, 0.5],
    haze: c("#27315c"),
    haze_metres: 240,
    lamps: true,
    windows: 0.55,
    sun: null,
    stars: true,
    clouds: null,
    weather: "clear",
  },
  rain: {
    sky: [c("#5b6670"), c("#808c95"), c("#a9b3b9")],
    ambient: [0.62, 0.66, 0.7],
    haze: c("#9aa5ab"),
    haze_metres: 95,
    lamps: true,
    windows: 0.3,
    sun: null,
    stars: false,
    clouds: c("#6d7880"),
    weather: "rain",
  },
  fog: {
    sky: [c("#b9c4c9"), c("#cdd5d8"), c("#dfe4e4")],
    ambient: [0.86, 0.89, 0.9],
    haze: c("#d5dcde"),
    haze_metres: 48,
    lamps: true,
    windows: 0.2,
    sun: null,
    stars: false,
    clouds: null,
    weather: "fog",
  },
} as const satisfies Record<string, Light>;
export type LightName = keyof typeof lights;

/** The colour of a thing under this light, seen from so many metres. */
export const seen = (light: Light, given: Colour, metres: number): Colour =>
  mix(under(given, light.ambient), light.haze, 1 - Math.exp(-metres / light.haze_metres));

export const seenHex = (light: Light, given: Colour, metres: number): string => hex(seen(light, given, metres));
