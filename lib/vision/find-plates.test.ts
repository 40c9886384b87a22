import { expect, test } from "vitest";
import { findPlates, MOST_CANDIDATES } from "./find-plates.ts";
import type { Networks } from "./networks.ts";

const picture = { width: 1280, height: 768, luma: new Uint8Array(1280 * 768).fill(90) };
/** With room for many beside each other. */
const wide = { width: 3840, height: 768, luma: new Uint8Array(3840 * 768).fill(90) };

/** Finds beside each other with these scores; each is read with the sureness that `sure` gives to its place in the list. */
const networksOf = (scores: readonly number[], sure: (at: number) => number = () => 0.9) => {
  const shown: [number, number][] = [];
  const read: number[] = [];
  const networks: Networks = {
    detect: ({ width, height }) => {
      shown.push([width, height]);
      const boxes = scores.map((_, at) => [at * 90, 100, at * 90 + 60, 100, at * 90 + 60, 120, at * 90, 120]);
      return Promise.resolve({
        corners: Float32Array.from(boxes.flat()),
        score: Float32Array.from(scores),
        two_rows: new Float32Array(scores.length),
      });
    },
    refine: (_, corners) => Promise.resolve(corners),
    read: (_, corners) => {
      const at = Math.round((corners[0] ?? 0) / 180);
      read.push(at);
      return Promise.resolve({
        characters: new Float32Array(7 * 36).fill(1 / 36),
        layout: Float32Array.from([1, 0, 0, 0]),
        sure: sure(at),
        view: new Float32Array(64 * 160),
      });
    },
  };
  return { networks, read, shown };
};

test("places are those of the picture: middles of pixels stay middles", async () => {
  const { networks, shown } = networksOf([0.9, 0.8]);
  const { plates } = await findPlates(networks, picture, 640 * 384);
  expect(shown).toEqual([[640, 384]]);
  expect(plates.map(({ corners }) => corners[0])).toEqual([
    { x: 0.5, y: 200.5 },
    { x: 180.5, y: 200.5 },
  ]);
});

test("the detector is shown as many pixels as was said", async () => {
  const { networks, shown } = networksOf([0.9]);
  const { plates } = await findPlates(networks, picture, 1280 * 768);
  expect(shown).toEqual([[1280, 768]]);
  expect(plates[0]?.corners[0]).toEqual({ x: 0, y: 100 });
});

test("the likeliest is first, by what detector and reader say together", async () => {
  const { networks } = networksOf([0.9, 0.8], (at) => [0.5, 0.95][at] ?? 0);
  const { plates } = await findPlates(networks, picture);
  expect(plates.map(({ score }) => score)).toEqual([expect.closeTo(0.8), expect.closeTo(0.9)]);
});

test("only so many are read in one picture, and those beyond are counted", async () => {
  const { networks, read } = networksOf([...(Array(MOST_CANDIDATES + 2).fill(0.9) as number[]), 0.1]);
  const { plates, too_many } = await findPlates(networks, wide);
  expect([plates.length, too_many]).toEqual([MOST_CANDIDATES, 2]);
  expect(read.length).toBe(MOST_CANDIDATES);
});

test("who passes is read beside a row of clearer plates", async () => {
  const { networks } = networksOf([...(Array(12).fill(0.9) as number[]), 0.4]);
  const { plates, too_many } = await findPlates(networks, wide);
  expect(too_many).toBe(0);
  expect(plates.map(({ score }) => score)).toContainEqual(expect.closeTo(0.4));
});

test("a faint find is not looked at", async () => {
  const { networks, read } = networksOf([0.35, 0.25]);
  expect((await findPlates(networks, picture)).plates.length).toBe(1);
  expect(read).toEqual([0]);
});
