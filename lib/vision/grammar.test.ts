/* oxlint-disable typescript/no-non-null-assertion -- a test that is wrong about its own numbers fails anyway */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { alternativesOf, CHARACTERS, LAYOUT_WEIGHT, positionsOf, readingsOf } from "./grammar.ts";
import { detectorPixels, USUAL_PIXELS } from "./detector-size.ts";
import { MOST_CANDIDATES } from "./find-plates.ts";

const BOTH = Float32Array.from([0.25, 0.25, 0.25, 0.25]);

/** Each position's characters with their probabilities; the rest is shared by all others. */
const characters = (...positions: Record<string, number>[]): Float32Array => {
  const all = new Float32Array(7 * 36);
  for (const [at, given] of positions.entries()) {
    const left = 1 - Object.values(given).reduce((sum, share) => sum + share, 0);
    all.fill(left / 36, at * 36, (at + 1) * 36);
    for (const [character, share] of Object.entries(given)) all[at * 36 + CHARACTERS.indexOf(character)]! += share;
  }
  return all;
};
const sure = (text: string): Record<string, number>[] => Array.from(text, (character) => ({ [character]: 0.98 }));
const read = (all: Float32Array, layout = BOTH) => readingsOf(positionsOf(all), layout);

test("a text of either layout is read as it stands", () => {
  expect(read(characters(...sure("WAB1234")))[0]).toMatchObject({ text: "WAB1234", layout: "old" });
  expect(read(characters(...sure("WAB1C34")))[0]).toMatchObject({ text: "WAB1C34", layout: "mercosul" });
});

test("the grammar chooses among probabilities: where only a letter may stand, the likeliest letter is read", () => {
  const all = characters(...sure("W"), { "0": 0.6, Q: 0.3, O: 0.05 }, ...sure("B1234"));
  expect(read(all)[0]?.text).toBe("WQB1234");
});

test("the layout's vote decides where the fifth character may be both", () => {
  const all = characters(...sure("WAB1"), { "0": 0.49, O: 0.49 }, ...sure("34"));
  expect(read(all, Float32Array.from([0.9, 0.05, 0.03, 0.02]))[0]?.text).toBe("WAB1034");
  expect(read(all, Float32Array.from([0.02, 0.03, 0.05, 0.9]))[0]?.text).toBe("WAB1O34");
});

test("other readings follow by their shares, which are parts of everything the grammar allows", () => {
  const all = characters({ W: 0.6, V: 0.3, Y: 0.1 }, ...sure("AB1234"));
  const readings = read(all, Float32Array.from([1, 0, 0, 0]));
  expect(readings.slice(0, 3).map(({ text }) => text)).toEqual(["WAB1234", "VAB1234", "YAB1234"]);
  expect(readings[0]?.share).toBeCloseTo(0.6, 1);
  expect((readings[0]?.share ?? 0) / (readings[1]?.share ?? 1)).toBeCloseTo(2, 3);
  expect(readings.length).toBe(5);
});

test("alternatives: the first has the network's own sureness, the others share what is left, none below 1 %", () => {
  const readings = read(characters({ W: 0.6, V: 0.3, Y: 0.1 }, ...sure("AB1234")));
  const alternatives = alternativesOf(readings, 0.8);
  expect(alternatives[0]).toEqual({ text: "WAB1234", confidence: 0.8 });
  expect(alternatives.reduce((sum, { confidence }) => sum + confidence, 0)).toBeLessThanOrEqual(1);
  expect(alternatives.every(({ confidence }) => confidence >= 0.01)).toBe(true);
  expect(alternatives.length).toBeGreaterThan(1);
});

test("what is hardly a plate has no likely second text", () => {
  const readings = read(characters({ W: 0.5, V: 0.5 }, ...sure("AB1234")));
  expect(alternativesOf(readings, 0.02).every(({ confidence }) => confidence <= 0.02)).toBe(true);
});

test("a probability of zero spoils nothing", () => {
  const readings = read(characters(...Array.from("WAB1234", (character) => ({ [character]: 1 }))));
  expect(readings[0]).toMatchObject({ text: "WAB1234", share: expect.closeTo(1, 3) });
  expect(readings.every(({ share }) => Number.isFinite(share))).toBe(true);
});

test("weights and sizes are those with which the networks were chosen", () => {
  const training = (file: string): string =>
    readFileSync(join(import.meta.dirname, "../../training/gtplates", file), "utf8");
  expect(training("reading.py")).toContain(`LAYOUT_WEIGHT = ${LAYOUT_WEIGHT}\n`);
  // One more is named than is read: it says that there were too many.
  expect(training("detector_graph.py")).toContain(`CANDIDATES = ${MOST_CANDIDATES + 1}\n`);
  const models = training("models.py");
  const [, width, height] = /USUAL_PIXELS = (\d+) \* (\d+)/.exec(models) ?? [];
  expect(Number(width) * Number(height)).toBe(USUAL_PIXELS);
  const [, theirs = ""] = /DETECTOR_PIXELS = \((.*)\)\n/.exec(models) ?? [];
  const ours = detectorPixels.map(({ above, pixels }) => [above, pixels]);
  const pairs = theirs.matchAll(/\(([\d_]+), (\d+) \* (\d+)\)/g);
  expect(
    Array.from(pairs, ([, above = "", w, h]) => [Number(above.replaceAll("_", "")), Number(w) * Number(h)]),
  ).toEqual(ours);
});
