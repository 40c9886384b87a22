import { describe, expect, test } from "vitest";
import { foundOf, plate, type Shown } from "#test/harness/sight.ts";
import { looksOf, type Look } from "./looks.ts";
import {
  add,
  agreement,
  begin,
  isParked,
  passagesOf,
  positionsOf,
  readingOf,
  suppress,
  type Passage,
} from "./passages.ts";

const start = Date.parse("2026-11-26T12:00:00Z");
let frames = 0;
const looks = (seconds: number, ...shown: Shown[]): Look[] => {
  frames += 1;
  const frame = { id: `frame ${frames}`, captured_at: new Date(start + seconds * 1000) };
  return looksOf(frame, { width: 1280, height: 720 }, shown.map(foundOf), null);
};
const look = (seconds: number, shown: Shown): Look => looks(seconds, shown)[0] as Look;
const passage = (first: Look, ...others: Look[]): Passage => others.reduce(add, begin(first));
const belongs = (to: Passage, one: Look): boolean => passagesOf([to], [one])[0] === to;

describe("what looks say together", () => {
  test("one look says what it said by itself", () => {
    const one = look(0, plate("ABC1D23", { confidence: 0.87 }));
    expect(readingOf(begin(one), one.found)).toEqual({
      plate: "ABC1D23",
      confidence: 0.87,
      alternatives: [{ text: "ABC1D23", confidence: 0.87 }],
    });
    const together = positionsOf(begin(one)).map((logs) => Math.max(...logs));
    one.found.positions.forEach((logs, at) => expect(together[at]).toBeCloseTo(Math.max(...logs), 4));
  });

  test("looks that agree are surer than each of them, and never sure beyond doubt", () => {
    const each = plate("ABC1D23", { confidence: 0.8, doubts: { 4: { D: 0.7, O: 0.2 } } });
    const { plate: text, confidence } = readingOf(passage(look(0, each), look(2, each), look(4, each)));
    expect(text).toBe("ABC1D23");
    expect(confidence).toBeGreaterThan(0.8);
    expect(confidence).toBeLessThan(0.96);
    const clear = plate("ABC1D23", { confidence: 0.8 });
    expect(readingOf(passage(look(0, clear), look(2, clear), look(4, clear))).confidence).toBeLessThan(0.96);
  });

  test("a sharp, near look outweighs several far ones that say something else", () => {
    const far = plate("ABC1O23", { confidence: 0.5, width_px: 30, sharpness: 0.2, doubts: { 4: { O: 0.5, D: 0.4 } } });
    const { plate: text } = readingOf(passage(look(0, far), look(2, far), look(4, plate("ABC1D23"))));
    expect(text).toBe("ABC1D23");
  });

  test("the order in which looks come changes nothing", () => {
    const [a, b, c] = [plate("ABC1D23"), plate("ABC1O23", { width_px: 40 }), plate("ABC1D23", { width_px: 70 })];
    const [one, two, three] = [look(0, a), look(2, b), look(4, c)];
    const forwards = readingOf(passage(one, two, three));
    const backwards = readingOf(passage(three, two, one));
    expect(backwards.plate).toBe(forwards.plate);
    expect(backwards.confidence).toBeCloseTo(forwards.confidence, 4);
  });

  test("looks in which nothing can be read say nothing", () => {
    expect(readingOf(passage(look(0, plate(null)), look(2, plate(null))))).toMatchObject({ plate: null });
  });
});

describe("a look belongs to a passage", () => {
  const first = look(0, plate("ABC1D23", { x: 0.2 }));

  test.each([
    ["of the same text, wherever it is", 10, plate("ABC1D23", { x: 0.9 }), true],
    ["of a text that may be the same", 10, plate("ABC1O23", { x: 0.9, doubts: { 4: { O: 0.6, D: 0.4 } } }), true],
    ["with one clear difference elsewhere", 10, plate("ABC1D24", { x: 0.9 }), false],
    ["with one clear difference at the same place", 2, plate("ABC1D24", { x: 0.2 }), true],
    ["with two clear differences at the same place", 2, plate("ABC1E24", { x: 0.2 }), false],
    ["with two clear differences, in the next picture and next to it", 0.5, plate("ABC1E24", { x: 0.3 }), true],
    ["with two clear differences, in the next picture and elsewhere", 0.5, plate("ABC1E24", { x: 0.5 }), false],
    ["with four clear differences, in the next picture and next to it", 0.5, plate("ABD2E24", { x: 0.3 }), false],
    ["with one clear difference, soon and not far", 2.5, plate("ABC1D24", { x: 0.4 }), true],
    ["unread, near and soon", 2, plate(null, { x: 0.3 }), true],
    ["unread and far", 2, plate(null, { x: 0.95 }), false],
    ["unread and late", 20, plate(null, { x: 0.3 }), false],
    ["after half a minute on its way", 31, plate("ABC1D23", { x: 0.9 }), false],
    ["after a minute at a place where it was seen once", 60, plate("ABC1D23", { x: 0.2 }), false],
    ["unread, at a place where somebody was seen once", 20, plate(null, { x: 0.2 }), false],
    ["from before it, out of order", -10, plate("ABC1D23", { x: 0.1 }), true],
  ])("%s: %s s", (_, seconds, shown, expected) => {
    expect(belongs(begin(first), look(seconds, shown))).toBe(expected);
  });

  describe("of who has been at one place for two seconds", () => {
    const standing = passage(first, ...[0.5, 1, 1.5, 2].map((seconds) => look(seconds, plate("ABC1D23", { x: 0.2 }))));

    test.each([
      ["after a minute there", 62, plate("ABC1D23", { x: 0.2 }), true],
      ["after a minute there, unread", 62, plate(null, { x: 0.2 }), true],
      ["after a minute there, with a clear difference", 62, plate("ABC1D24", { x: 0.2 }), true],
      ["after two minutes, not known to be parked", 122, plate("ABC1D23", { x: 0.2 }), false],
      ["after a minute elsewhere", 62, plate("ABC1D23", { x: 0.9 }), false],
      ["unread, after a minute elsewhere", 62, plate(null, { x: 0.4 }), false],
    ])("%s: %s s", (_, seconds, shown, expected) => {
      expect(belongs(standing, look(seconds, shown))).toBe(expected);
    });
  });

  test("whoever comes where another was lost from sight is not taken for him, and has his own time", () => {
    const lost = begin(look(0, plate(null, { x: 0.5, width_px: 18 })));
    const [next] = looks(40, plate(null, { x: 0.5, width_px: 18 }));
    const [after] = looks(80, plate("ABC1D23", { x: 0.5, width_px: 24 }));
    expect([belongs(lost, next!), belongs(lost, after!)]).toEqual([false, false]);
  });

  test("the closest in turn, and one of each frame at most", () => {
    const [a, b] = [begin(look(0, plate("ABC1D23", { x: 0.2 }))), begin(look(0, plate("ABC1D24", { x: 0.25 })))];
    const both = looks(2, plate("ABC1D24", { x: 0.22 }), plate("ABC1D23", { x: 0.24 }));
    expect(passagesOf([a, b], both)).toEqual([b, a]);
    const twice = looks(2, plate("ABC1D23", { x: 0.2 }), plate("ABC1D23", { x: 0.21 }));
    expect(passagesOf([a], twice).filter((one) => one === a)).toHaveLength(1);
  });

  test("a clear difference costs more than any doubt", () => {
    const known = begin(first);
    expect(agreement(known, look(2, plate("ABC1D23")))).toBeGreaterThan(-1);
    expect(agreement(known, look(2, plate("ABC1D24")))).toBeLessThan(-5);
  });
});

describe("parked", () => {
  const standing = Array.from({ length: 13 }, (_, at) => look(at * 10, plate("ABC1D23")));
  const parked = passage(standing[0] as Look, ...standing.slice(1));

  test("is who has been at one place for two minutes, not who drove", () => {
    expect(isParked(passage(standing[0] as Look, ...standing.slice(1, 12)))).toBe(false);
    expect(isParked(parked)).toBe(true);
    const driving = Array.from({ length: 13 }, (_, at) => look(at * 10, plate("ABC1D23", { x: 0.1 + at * 0.06 })));
    expect(isParked(passage(driving[0] as Look, ...driving.slice(1)))).toBe(false);
  });

  test("it may be hidden for half an hour, is another passage when it has moved, and is told again after six hours", () => {
    expect(belongs(parked, look(120 + 29 * 60, plate("ABC1D23")))).toBe(true);
    expect(belongs(parked, look(120 + 31 * 60, plate("ABC1D23")))).toBe(false);
    expect(belongs(parked, look(130, plate("ABC1D23", { x: 0.8 })))).toBe(false);
    const still = suppress(parked, look(6 * 3600 - 10, plate("ABC1D23")));
    expect(belongs(still, look(6 * 3600 - 5, plate("ABC1D23")))).toBe(true);
    expect(belongs(still, look(6 * 3600 + 5, plate("ABC1D23")))).toBe(false);
  });
});
