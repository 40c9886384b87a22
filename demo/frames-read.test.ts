/** Whoever passes can be read from the key frames that an agent sends: the city's own films through decoder and networks. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { toAnnexB } from "#lib/media/h264.ts";
import { noLog } from "#lib/log.ts";
import { openKeyFrameDecoder, type KeyFrameDecoder } from "#lib/vision/key-frames/open-key-frame-decoder.ts";
import { openVision } from "#lib/vision/open-vision.ts";
import { openVehicles } from "#lib/vision/vehicles/vehicles.ts";
import { addVehicle, verdictOf, type VehicleVerdict, type VehicleVotes } from "#lib/vision/vehicles/votes.ts";
import type { Vision } from "#lib/vision/vision.ts";
import { prepareCity, type City, type CityCamera } from "./city.ts";
import { readVideo } from "./rtsp/video.ts";
import { streets } from "./drawing/streets.ts";
import { LOOP_FRAMES, distanceOf, planTraffic } from "./traffic.ts";

/** Printed, so that a failure can be looked at again. */
const seed = `frames-${process.env["GT_SEED"] ?? Date.now().toString(36)}`;
const CAMERAS = 4;
const folder = mkdtempSync(join(tmpdir(), "gt-frames-"));
let city: City;
let vision: Vision;
let decoder: KeyFrameDecoder;

beforeAll(async () => {
  vision = await openVision({
    folder: join(import.meta.dirname, "../models"),
    workers: 1,
    provider: "cpu",
    log: noLog,
  });
  decoder = openKeyFrameDecoder({ processes: 1, log: noLog, limit_ms: 60_000 });
  city = await prepareCity({ dataDir: folder, seed, cameras: CAMERAS, onProgress: () => undefined });
}, 480_000);
afterAll(async () => {
  await Promise.all([vision.close(), decoder.close()]);
  rmSync(folder, { recursive: true, force: true });
});

/** Where nobody is nearer than this there is nothing to read. */
const NEAR_METRES = 24;

/** In how many key frames each text was read with confidence. */
const readIn = async ({ file, fps, name }: CityCamera, camera: number): Promise<Map<string, number>> => {
  const street = streets[camera];
  const trips = planTraffic(seed)[camera] ?? [];
  const { pictures } = await readVideo(file, fps);
  const counts = new Map<string, number>();
  for (const [frame, { key, nals }] of pictures.entries()) {
    if (!key || !street) continue;
    const isSomebodyNear = trips.some((trip) => (distanceOf(trip, street, frame) ?? Infinity) < NEAR_METRES);
    if (!isSomebodyNear) continue;
    const picture = await decoder.decode(name, "h264", toAnnexB(nals));
    for (const { text, confidence } of await vision.find(picture))
      if (text && confidence > 0.85) counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return counts;
};

test(
  `twenty passages in a row are read from key frames as they were drawn (seed ${seed})`,
  { timeout: 480_000 },
  async () => {
    const counts = await Promise.all(city.cameras.map(readIn));
    // Those on whom plate cameras are trained, in the order in which they pass; the loop goes on after its end.
    const trained = new Set(
      planTraffic(seed).flatMap((trips) => trips.filter(({ read }) => read).map(({ plate }) => plate)),
    );
    const passing = city.cameras
      .flatMap(({ vehicles }, camera) =>
        vehicles
          .filter(({ plate }) => trained.has(plate))
          .map((one) => ({ ...one, looks: counts[camera]?.get(one.plate) ?? 0 })),
      )
      .toSorted((a, b) => a.frame - b.frame);
    const loops = [...passing, ...passing.map((one) => ({ ...one, frame: one.frame + LOOP_FRAMES }))];
    const twenty = loops.slice(0, 20);
    expect(twenty).toHaveLength(20);
    const lookedAt = (least: number) => twenty.filter(({ looks }) => looks >= least).map(({ plate }) => plate);
    expect(lookedAt(1)).toEqual(twenty.map(({ plate }) => plate));
    // Of some only one look is right: two characters that are drawn alike, from afar.
    expect(lookedAt(2).length).toBeGreaterThanOrEqual(18);
    expect(new Set(twenty.map(({ layout }) => layout))).toEqual(new Set(["old", "mercosul"]));
    expect(new Set(twenty.map(({ rows }) => rows))).toEqual(new Set([1, 2]));
  },
);

type Known = { verdict: VehicleVerdict | null; type: string; color: string };

/** What is said of each vehicle whose plate was read. The loop is shown twice: the first time its street is learnt. */
const vehiclesOf = async ({ file, fps, name, vehicles }: CityCamera): Promise<Known[]> => {
  const look = openVehicles({ enabled: true });
  const votes = new Map<string, VehicleVotes | null>();
  const { pictures } = await readVideo(file, fps);
  for (const [index, { key, nals }] of [...pictures, ...pictures].entries()) {
    if (!key) continue;
    const picture = await decoder.decode(name, "h264", toAnnexB(nals));
    const plates = index < pictures.length ? [] : await vision.find(picture);
    const seen = look(name, new Date((index * 1000) / fps), picture)(plates);
    for (const [at, { text }] of plates.entries())
      if (text) votes.set(text, addVehicle(votes.get(text) ?? null, seen?.carriers[at] ?? null));
  }
  return vehicles
    .filter(({ plate }) => votes.has(plate))
    .map(({ plate, vehicle }) => ({ verdict: verdictOf(votes.get(plate) ?? null), ...vehicle }));
};

const clients: Readonly<Record<string, string>> = { pickup: "car", van: "car" };
const named: Readonly<Record<string, string>> = {
  white: "light",
  silver: "light",
  beige: "light",
  grey: "dark",
  black: "dark",
};

test(
  `by day vehicles are told as they were drawn, and trucks and buses are no cars (seed ${seed})`,
  { timeout: 480_000 },
  async () => {
    const [first] = city.cameras;
    const known = first ? await vehiclesOf(first) : [];
    const told = known.filter(({ verdict }) => verdict?.type !== "unknown");
    const drawn = ({ type }: Known): string => clients[type] ?? type;
    expect(told.filter((one) => one.verdict?.type !== drawn(one))).toEqual([]);
    expect(told.length).toBeGreaterThan(known.length / 2);
    expect(new Set(told.map(drawn))).toEqual(new Set(["car", "motorcycle"]));
    const coloured = known.filter(({ verdict }) => verdict?.color !== "unknown");
    const wrong = coloured.filter(({ verdict, color }) => verdict?.color !== (named[color] ?? color));
    expect(coloured.length).toBeGreaterThan(2);
    expect(wrong.length, JSON.stringify(wrong)).toBeLessThanOrEqual(1);
  },
);

test("some streets have a plate camera, one has none and is read from pictures alone", () => {
  const posted = city.cameras.map(({ passages }) => passages.length > 0);
  expect(posted).toEqual([true, true, true, false]);
  expect(city.cameras.every(({ vehicles }) => vehicles.length > 0)).toBe(true);
});
