/** The streets of the demonstration: nine cameras hang in them at most. No two look alike. */
import type { LightName } from "./lights.ts";
import type { View } from "./views.ts";

export type Street = {
  /** Of the camera. */
  name: string;
  place: string;
  light: LightName;
  view: View;
  /** Lanes of either direction. */
  lanes: 1 | 2;
  /** Metres of green between the directions. */
  median: number;
  sidewalk: number;
  trees: "palms" | "broad" | "few" | "none";
  left: Side;
  right: Side;
  /** What stands where the street vanishes. */
  skyline: "towers" | "hills" | "sea" | "church" | "none";
  /** Where the zebra crossing is, in metres from the camera. */
  crossing: number | null;
  /** Whether a plate camera posts what passes; otherwise plates are read from the stream's pictures alone. */
  plate_camera: boolean;
};

export type Side = {
  kind: "houses" | "shops" | "blocks" | "park" | "beach" | "works";
};

export const LANE_METRES = 3.3;

export const halfOfStreet = ({ lanes, median }: Pick<Street, "lanes" | "median">): number =>
  median / 2 + lanes * LANE_METRES;

/** Middle of a lane, counted from the middle of the street; coming is left of it, as Brazil drives on the right. */
export const laneAt = (street: Pick<Street, "median">, direction: "coming" | "going", lane: number): number =>
  (direction === "coming" ? -1 : 1) * (street.median / 2 + LANE_METRES * (lane + 0.5));

const view = (vanishing_x: number, horizon: number, camera_height = 3.2): View => ({
  vanishing_x,
  horizon,
  focal: 1100,
  camera_height,
});

export const streets: readonly Street[] = [
  {
    name: "Avenida das Palmeiras",
    place: "Av. das Palmeiras, 1200, sentido centro",
    light: "day",
    view: view(470, 150),
    lanes: 2,
    median: 2.6,
    sidewalk: 3,
    trees: "palms",
    left: { kind: "blocks" },
    right: { kind: "blocks" },
    skyline: "towers",
    crossing: null,
    plate_camera: true,
  },
  {
    name: "Rua do Mirante",
    place: "Rua do Mirante, 85",
    light: "dusk",
    view: view(410, 138),
    lanes: 1,
    median: 0,
    sidewalk: 2.4,
    trees: "few",
    left: { kind: "houses" },
    right: { kind: "shops" },
    skyline: "hills",
    crossing: 24,
    plate_camera: true,
  },
  {
    name: "Viaduto Norte",
    place: "Acesso ao Viaduto Norte",
    light: "night",
    view: view(500, 132),
    lanes: 2,
    median: 1.2,
    sidewalk: 2,
    trees: "none",
    left: { kind: "blocks" },
    right: { kind: "shops" },
    skyline: "towers",
    crossing: null,
    plate_camera: true,
  },
  {
    name: "Praça da Matriz",
    place: "Praça da Matriz, esquina da Rua XV",
    light: "rain",
    view: view(385, 142),
    lanes: 1,
    median: 0,
    sidewalk: 3.4,
    trees: "broad",
    left: { kind: "shops" },
    right: { kind: "park" },
    skyline: "church",
    crossing: 20,
    plate_camera: false,
  },
  {
    name: "Orla Sul",
    place: "Av. Beira-Mar, posto 4",
    light: "morning",
    view: view(380, 168),
    lanes: 1,
    median: 0,
    sidewalk: 4,
    trees: "palms",
    left: { kind: "blocks" },
    right: { kind: "beach" },
    skyline: "sea",
    crossing: 28,
    plate_camera: true,
  },
  {
    name: "Rua da Escola",
    place: "Rua da Escola, 40",
    light: "fog",
    view: view(450, 140),
    lanes: 1,
    median: 0,
    sidewalk: 2.6,
    trees: "broad",
    left: { kind: "park" },
    right: { kind: "houses" },
    skyline: "none",
    crossing: 18,
    plate_camera: true,
  },
  {
    name: "Distrito Industrial",
    place: "Via das Indústrias, portaria 2",
    light: "day",
    view: view(360, 156),
    lanes: 2,
    median: 0,
    sidewalk: 2,
    trees: "few",
    left: { kind: "works" },
    right: { kind: "works" },
    skyline: "hills",
    crossing: null,
    plate_camera: true,
  },
  {
    name: "Calçadão da Noite",
    place: "Rua dos Bares, 310",
    light: "night",
    view: view(400, 140),
    lanes: 1,
    median: 0,
    sidewalk: 3,
    trees: "broad",
    left: { kind: "shops" },
    right: { kind: "shops" },
    skyline: "hills",
    crossing: 22,
    plate_camera: false,
  },
  {
    name: "Portal da Cidade",
    place: "Rodovia de acesso, km 3",
    light: "dusk",
    view: view(440, 158),
    lanes: 2,
    median: 3,
    sidewalk: 2,
    trees: "palms",
    left: { kind: "park" },
    right: { kind: "works" },
    skyline: "hills",
    crossing: null,
    plate_camera: true,
  },
];
