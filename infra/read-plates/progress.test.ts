import { expect, test } from "vitest";
import type { Line } from "./lines.ts";
import { openProgress } from "./progress.ts";

const looked: Line = { file: "a.png", time: null, width: 1, height: 1, plates: [] };
const failed: Line = {
  file: "b.png",
  time: null,
  error: { reason: "picture.damaged", message: "The picture is damaged" },
};

const told = (terminal: boolean) => {
  const written: string[] = [];
  const clock = { now: 0 };
  const progress = openProgress(
    (words) => written.push(words),
    terminal,
    () => clock.now,
  );
  return { progress, clock, take: () => written.splice(0) };
};

test("off a terminal it is told every few seconds, and no more often", () => {
  const { progress, clock, take } = told(false);
  progress.one(looked);
  expect(take()).toEqual([]);
  clock.now = 5001;
  progress.one(looked);
  expect(take()).toEqual(["2 pictures, 0 plates …\n"]);
  progress.one(looked);
  expect(take()).toEqual([]);
  clock.now = 10_002;
  progress.one(looked);
  expect(take()).toEqual(["4 pictures, 0 plates …\n"]);
});

test("on a terminal one line changes, and what is told beside it stands above", () => {
  const { progress, take } = told(true);
  progress.one(looked);
  progress.one(failed);
  progress.end();
  expect(take()).toEqual([
    "\r1 pictures, 0 plates …\u001b[K",
    "\r\u001b[Kb.png: The picture is damaged\n",
    "\r1 pictures, 0 plates, 1 errors …\u001b[K",
    "\r\u001b[K1 pictures, 0 plates, 1 errors\n",
  ]);
});
