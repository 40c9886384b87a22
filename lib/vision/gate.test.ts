import { expect, test } from "vitest";
import { openGate, type GateOptions } from "./gate.ts";

const [width, height] = [1060, 600];
/** Asphalt with a camera's noise; numbers that look like chance and are the same in each run. */
const street = (noise: number, light = 90, turn = 0): Uint8Array<SharedArrayBuffer> => {
  const luma = new Uint8Array(new SharedArrayBuffer(width * height));
  let state = 1 + turn;
  for (let at = 0; at < luma.length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    luma[at] = light + ((state >>> 24) / 255 - 0.5) * 2 * noise;
  }
  return luma;
};
const withCar = (luma: Uint8Array<SharedArrayBuffer>, x: number, across: number, light: number) => {
  for (let row = 300; row < 300 + across * 0.8; row += 1) luma.fill(light, row * width + x, row * width + x + across);
  return luma;
};
const openNew = (options: Partial<GateOptions> = {}) => {
  let now = 0;
  const gate = openGate({ enabled: true, now: () => now, ...options });
  const look = (luma: Uint8Array<SharedArrayBuffer>, source = "camera"): boolean => {
    now += 500;
    return gate.worthLooking(source, { luma, width, height });
  };
  return { gate, look, wait: (ms: number) => (now += ms) };
};

test("an empty street is looked at once, by night and noise too", () => {
  for (const noise of [0, 12, 25]) {
    const { gate, look } = openNew();
    for (let turn = 0; turn < 20; turn += 1) look(street(noise, 60, turn));
    expect(gate.counts()).toEqual({ looked: 1, spared: 19 });
  }
});

test("a vehicle as far as its plate can be read opens it, also one nearly as grey as the street", () => {
  const { look, wait } = openNew();
  look(street(6));
  expect(look(withCar(street(6, 90, 1), 300, 60, 104))).toBe(true);
  expect(look(withCar(street(6, 90, 2), 320, 64, 104))).toBe(true);
  // Where it was and no longer is.
  expect(look(street(6, 90, 3))).toBe(true);
  wait(2000);
  // Even where pictures come slowly one without a change is looked at.
  expect(look(street(6, 90, 4))).toBe(true);
  expect(look(street(6, 90, 5))).toBe(false);
});

test("light that comes or goes, slowly or at once, does not open it, and a car in it does", () => {
  const { look } = openNew();
  look(street(4, 40));
  for (let turn = 1; turn < 30; turn += 1) expect(look(street(4, 40 + turn * 3, turn))).toBe(false);
  expect(look(street(4, 220, 31))).toBe(false);
  expect(look(withCar(street(4, 180, 32), 500, 80, 60))).toBe(true);
});

test("a car that has come to stand is looked at for two seconds more, and once a minute everything is", () => {
  const { look, wait } = openNew();
  look(street(4));
  const parked = (turn: number) => withCar(street(4, 90, turn), 300, 90, 200);
  expect([1, 2, 3, 4, 5].map((turn) => look(parked(turn)))).toEqual(Array(5).fill(true));
  expect(look(parked(6))).toBe(false);
  wait(60_000);
  expect(look(parked(7))).toBe(true);
  expect(look(parked(8))).toBe(false);
});

test("lost state, another size and the switch let every picture pass; cameras do not disturb each other", () => {
  const luma = street(4);
  const { look, gate } = openNew();
  expect([look(luma, "a"), look(luma, "b"), look(luma, "a"), look(luma, "b")]).toEqual([true, true, false, false]);
  expect(gate.worthLooking("a", { luma, width: height, height: width })).toBe(true);
  expect(openNew().look(luma, "a")).toBe(true);
  const off = openNew({ enabled: false });
  expect([off.look(luma), off.look(luma)]).toEqual([true, true]);
});

/** Twelve cells of it change each time. */
const withClock = (luma: Uint8Array<SharedArrayBuffer>, turn: number) => {
  for (let row = 20; row < 50; row += 1) luma.fill(turn % 2 === 0 ? 20 : 230, row * width + 800, row * width + 900);
  return luma;
};

test("a clock in the picture is learnt and left out, a car beside it is not", () => {
  const { look } = openNew();
  const looks = Array.from({ length: 40 }, (_, turn) => look(withClock(street(4, 90, turn), turn)));
  expect(looks.slice(0, 3)).toEqual(Array(3).fill(true));
  expect(looks.slice(20)).toEqual(Array(20).fill(false));
  expect(look(withCar(withClock(street(4, 90, 40), 40), 300, 60, 150))).toBe(true);
});

test("what passes is not learnt as a clock is: each further vehicle is seen, and the clock is still left out", () => {
  const { look, wait } = openNew();
  let turn = 0;
  const next = () => withClock(street(4, 90, turn), (turn += 1));
  for (let quiet = 0; quiet < 20; quiet += 1) look(next());
  for (let vehicle = 0; vehicle < 12; vehicle += 1) {
    const seen = [0, 1, 2].map((step) => look(withCar(next(), 200 + step * 100, 200, 160)));
    expect(seen, `vehicle ${vehicle}`).toEqual([true, true, true]);
    look(next());
    wait(3000);
    look(next());
    expect(look(next()), `after vehicle ${vehicle}`).toBe(false);
  }
});
