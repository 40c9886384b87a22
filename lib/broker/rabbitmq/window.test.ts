import { expect, test } from "vitest";
import { nextOf, type Slot } from "./window.ts";

type Named = Slot & { name: string };
const slot = (name: string, further: Partial<Slot> = {}): Named => ({
  name,
  lane: null,
  lapses: 0,
  state: "waiting",
  ...further,
});
const next = (window: readonly Named[], parallel = 4): string | undefined => nextOf(window, parallel)?.name;

test("the first that waits is next, until as many are in hand as may be; what is still in hand of an old line counts", () => {
  expect(next([slot("a", { state: "in_hand" }), slot("b"), slot("c")])).toBe("b");
  expect(next([slot("a", { state: "in_hand" }), slot("b")], 1)).toBeUndefined();
  expect(next([slot("a", { state: "stale" }), slot("b")], 1)).toBeUndefined();
  expect(next([slot("a", { state: "delayed" }), slot("b")], 1)).toBe("b");
});

test.each(["in_hand", "stale", "delayed", "parked"] as const)(
  "of a lane nothing is next while an earlier one is %s",
  (state) => {
    const window = [slot("a1", { lane: "a", state }), slot("a2", { lane: "a" }), slot("b1", { lane: "b" })];
    expect(next(window)).toBe("b1");
    expect(next(window.slice(0, 2))).toBeUndefined();
  },
);

test("what came back from somebody's end is treated alone", () => {
  const fresh = slot("fresh");
  expect(next([slot("busy", { state: "in_hand" }), slot("back", { lapses: 1 }), fresh])).toBeUndefined();
  expect(next([slot("back", { lapses: 1 }), fresh])).toBe("back");
  expect(next([slot("back", { lapses: 1, state: "in_hand" }), fresh])).toBeUndefined();
});

/** Plays the rounds of a window whose culprit ends its consumer: answers who has been treated by then. */
const rounds = (names: readonly string[], culprit: string): string[][] => {
  let window = names.map((name) => slot(name, { lapses: 1 }));
  const all: string[][] = [];
  while (window.length > 1 && all.length < 10) {
    const through: string[] = [];
    for (let one = nextOf(window, 4)!; one.name !== culprit; one = nextOf(window, 4)!) {
      through.push(one.name);
      window = window.filter((other) => other !== one);
    }
    all.push(through);
    window = window.map((one) => slot(one.name, { lapses: one.lapses + 1 }));
  }
  return all;
};

test.each([0, 1, 2, 3])("a culprit in place %i is alone after two rounds: its neighbours are through", (place) => {
  const names = ["n1", "n2", "n3"].toSpliced(place, 0, "culprit");
  const all = rounds(names, "culprit");
  expect(all.length).toBeLessThanOrEqual(2);
  expect(all.flat().toSorted()).toEqual(["n1", "n2", "n3"]);
});

test("who has survived more ends comes after those who came later", () => {
  expect(next([slot("old", { lapses: 5 }), slot("new", { lapses: 1 })])).toBe("new");
});
