import { describe, expect, test } from "vitest";
import type { Picture } from "#lib/vision/picture.ts";
import type { PlateFound } from "#lib/vision/vision.ts";
import { openVehicles, type LookForVehicles, type VehicleSeen } from "./vehicles.ts";

const [WIDTH, HEIGHT] = [640, 360];
const METRE = 80;
const MIDDLE = 320;
type Rgb = readonly [number, number, number];
const TREES: Rgb = [70, 110, 60];
const ASPHALT: Rgb = [120, 120, 122];
/** Metres; the plate hangs in its middle, half a metre above its lower edge. */
type Drawn = { width: number; height: number; paint: Rgb; x?: number };

const draw = (vehicles: readonly Drawn[], light = 1): Picture => {
  const pixels = new Uint8Array(new SharedArrayBuffer(WIDTH * HEIGHT * 3));
  const luma = new Uint8Array(new SharedArrayBuffer(WIDTH * HEIGHT));
  const fill = (left: number, top: number, right: number, bottom: number, [r, g, b]: Rgb): void => {
    const [from, to] = [Math.max(0, Math.round(left)), Math.min(WIDTH, Math.round(right))];
    const line = Uint8Array.from({ length: Math.max(0, to - from) * 3 }, (_, at) => ([r, g, b][at % 3] ?? 0) * light);
    for (let y = Math.max(0, Math.round(top)); y < Math.min(HEIGHT, Math.round(bottom)); y += 1) {
      pixels.set(line, (y * WIDTH + from) * 3);
      luma.fill((0.299 * r + 0.587 * g + 0.114 * b) * light, y * WIDTH + from, y * WIDTH + to);
    }
  };
  fill(0, 0, WIDTH, HEIGHT, ASPHALT);
  fill(0, 0, WIDTH, 20, TREES);
  for (const { width, height, paint, x = MIDDLE } of vehicles) {
    const [half, foot] = [(width / 2) * METRE, PLATE_Y + 0.5 * METRE];
    fill(x - half, foot - height * METRE, x + half, foot, paint);
    fill(x - 16, PLATE_Y - 5, x + 16, PLATE_Y + 5, [240, 240, 240]);
  }
  return { width: WIDTH, height: HEIGHT, luma, colour: { form: "rgb", pixels } };
};

const PLATE_Y = 240;
const half = new Uint8Array(new SharedArrayBuffer((WIDTH * HEIGHT) / 4)).fill(128);
const plateAt = (rows: 1 | 2 = 1, x = MIDDLE): PlateFound => ({
  text: "WAB1C23",
  layout: "mercosul",
  rows,
  confidence: 0.99,
  alternatives: [],
  positions: [],
  score: 0.9,
  box: { x: x - 16, y: PLATE_Y - 5, width: 32, height: 10 },
  corners: [
    { x: x - 16, y: PLATE_Y - 5 },
    { x: x + 16, y: PLATE_Y - 5 },
    { x: x + 16, y: PLATE_Y + 5 },
    { x: x - 16, y: PLATE_Y + 5 },
  ],
  width_px: 32,
  sharpness: 0.5,
});

let pictures = 0;
/** Two a second. */
const next = (): Date => new Date((pictures += 1) * 500);
const empty = draw([]);
const learnt = (light = 1): LookForVehicles => {
  const look = openVehicles({ enabled: true });
  const street = light === 1 ? empty : draw([], light);
  for (let picture = 0; picture < 45; picture += 1) look("camera", next(), street);
  return look;
};
const CAR: Drawn = { width: 1.75, height: 1.5, paint: [190, 30, 30] };
const seen = (look: LookForVehicles, drawn: readonly Drawn[], plate = plateAt(), light = 1): VehicleSeen | undefined =>
  look("camera", next(), draw(drawn, light))([plate])?.carriers[0];

describe("type", () => {
  test("is a car where what is around a plate of one row is as wide as a car", () => {
    const vehicle = seen(learnt(), [CAR]);
    expect(vehicle?.type).toBe("car");
    expect(vehicle?.width_m).toBeCloseTo(1.75, 0);
  });

  test("is a motorcycle where the plate has two rows, whatever is around it", () => {
    expect(seen(openVehicles({ enabled: true }), [CAR], plateAt(2))?.type).toBe("motorcycle");
  });

  test("is not told of what is wider than cars are, nor of what is narrower", () => {
    expect(seen(learnt(), [{ ...CAR, width: 2.6, height: 3.2 }])).toMatchObject({
      type: null,
      width_m: expect.any(Number),
    });
    expect(seen(learnt(), [{ ...CAR, width: 0.8 }])?.type).toBeNull();
  });

  test("is not told where another vehicle touches it, where the picture cuts it, and before the street is known", () => {
    const askew = [CAR, { ...CAR, x: MIDDLE + 1.8 * METRE, paint: [230, 230, 60] as Rgb }];
    expect(seen(learnt(), askew)?.type).toBeNull();
    expect(seen(learnt(), [{ ...CAR, x: 40 }], plateAt(1, 40))?.type).toBeNull();
    expect(seen(openVehicles({ enabled: true }), [CAR])?.type).toBeNull();
  });

  test("is told in spite of a camera that darkens its picture for a light car", () => {
    const vehicle = seen(learnt(), [{ ...CAR, paint: [250, 250, 250] }], plateAt(), 0.8);
    expect(vehicle?.type).toBe("car");
  });

  test("of one camera is not told by the street of another", () => {
    expect(learnt()("another", next(), draw([CAR]))([plateAt()])?.carriers[0]?.type).toBeNull();
  });

  test("is not told by night: lights are no vehicles", () => {
    expect(seen(learnt(0.3), [CAR], plateAt(), 0.3)).toEqual({ type: null, color: null, width_m: null });
  });

  test("of who passes while the street is learnt leaves no trace in it", () => {
    const look = openVehicles({ enabled: true });
    for (let picture = 0; picture < 45; picture += 1) look("camera", next(), picture % 10 === 4 ? draw([CAR]) : empty);
    expect(seen(look, [CAR])?.type).toBe("car");
  });
});

describe("colour", () => {
  const look = openVehicles({ enabled: true });
  const colour = (paint: Rgb, light = 1) => seen(look, [{ ...CAR, paint }], plateAt(), light)?.color;

  test.each<[Rgb, string]>([
    [[190, 30, 35], "red"],
    [[224, 123, 42], "orange"],
    [[240, 192, 46], "yellow"],
    [[47, 125, 91], "green"],
    [[37, 89, 168], "blue"],
    [[238, 240, 242], "light"],
    [[42, 45, 51], "dark"],
  ])("%s is %s", (paint, name) => {
    expect(colour(paint)).toBe(name);
  });

  test("between light and dark is not told", () => {
    expect(colour([190, 192, 194])).toBeNull();
  });

  test("is measured by the plate: in shade white is light still", () => {
    expect(colour([238, 240, 242], 0.75)).toBe("light");
  });

  test("is not told by twilight, of a motorcycle, nor where the camera sees without colour", () => {
    expect(colour([190, 30, 35], 0.6)).toBeNull();
    expect(seen(look, [CAR], plateAt(2))?.color).toBeNull();
    const grey: Picture = { ...draw([{ ...CAR, paint: [240, 240, 240] }]), colour: { form: "grey" } };
    expect(look("camera", next(), grey)([plateAt()])?.carriers[0]?.color).toBeNull();
    // By infrared: a picture with colour planes in which nothing has a colour.
    const infrared: Picture = { ...grey, colour: { form: "yuv420", u: half, v: half, matrix: "bt709" } };
    expect(look("camera", next(), infrared)([plateAt()])?.carriers[0]?.color).toBeNull();
  });
});

describe("who shows no plate", () => {
  const drive = (look: LookForVehicles, drawn: Drawn, plates: readonly PlateFound[] = []): number => {
    const steps = [-0.4, -0.2, 0, 0.2, 0.4].map((share) => draw([{ ...drawn, x: MIDDLE + share * WIDTH }]));
    const pictures = [...steps, ...Array.from({ length: 6 }, () => empty)];
    return pictures.reduce((sum, picture) => sum + (look("camera", next(), picture)(plates)?.passers.length ?? 0), 0);
  };

  test("and passes is told once, when it has gone", () => {
    expect(drive(learnt(), CAR)).toBe(1);
  });

  test("is told in no way where it does show one, once or more often", () => {
    expect(drive(learnt(), CAR, [plateAt()])).toBe(0);
  });

  test("is not told before the street is known, nor by night", () => {
    expect(drive(openVehicles({ enabled: true }), CAR)).toBe(0);
    const look = learnt(0.3);
    const dark = [-0.4, -0.2, 0, 0.2, 0.4].map((share) => draw([{ ...CAR, x: MIDDLE + share * WIDTH }], 0.3));
    expect(dark.flatMap((picture) => look("camera", next(), picture)([])?.passers ?? [])).toEqual([]);
  });

  test("is nobody who stays at its place, nor a person among cars whose plates were seen", () => {
    const look = learnt();
    const stands = draw([CAR]);
    const seen = Array.from(
      { length: 12 },
      (_, at) => look("camera", next(), at < 6 ? stands : empty)([])?.passers ?? [],
    );
    expect(seen.flat()).toEqual([]);
    for (const up of [0, 20, 40, 60, 80, 0, 20, 40])
      look("camera", next(), empty)([{ ...plateAt(), box: { ...plateAt().box, y: PLATE_Y - up } }]);
    expect(drive(look, { ...CAR, width: 0.9, height: 1.8 })).toBe(0);
    expect(drive(look, CAR)).toBe(1);
  });

  test("is told once though a picture of it comes again, and late", () => {
    const look = learnt();
    const passed: unknown[] = [];
    for (const share of [-0.4, -0.2, 0, 0.2, 0.4]) {
      const [at, picture] = [next(), draw([{ ...CAR, x: MIDDLE + share * WIDTH }])];
      for (const again of [at, new Date(at.getTime() - 700)])
        passed.push(...(look("camera", again, picture)([])?.passers ?? []));
    }
    for (let after = 0; after < 6; after += 1) passed.push(...(look("camera", next(), empty)([])?.passers ?? []));
    expect(passed).toMatchObject([{ looks: 5 }]);
  });
});

test("switched off nobody looks", () => {
  const none = {
    width: WIDTH,
    height: HEIGHT,
    get luma(): never {
      throw new Error("looked");
    },
  } as unknown as Picture;
  expect(openVehicles({ enabled: false })("camera", next(), none)([plateAt()])).toBeNull();
});
