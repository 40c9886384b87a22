import { expect, test } from "vitest";
import { noLog } from "#lib/log.ts";
import { setAside } from "./set-aside.ts";

const unclear = { why: "decoder.silent", fault: "unclear" } as const;
const damaged = { why: "picture.damaged", fault: "picture" } as const;
const picture = (at: number): Buffer => Buffer.from(`picture ${at}`);

test("where nothing is decoded any more no camera is blamed for silent decoders, and still no picture is tried for ever", () => {
  const aside = setAside(noLog, () => 0);
  for (let at = 0; at < 5; at += 1) {
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      expect(aside.hasPicture("camera", picture(at))).toBe(false);
      aside.broke("camera", picture(at), unclear);
    }
    expect(aside.hasPicture("camera", picture(at))).toBe(true);
  }
  expect(aside.hasSource("camera")).toBe(false);
});

test("a picture counts once for its camera, whatever it did and however often", () => {
  const aside = setAside(noLog, () => 0);
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    aside.broke("camera", picture(1), unclear);
    aside.decoded("neighbour", picture(0));
    aside.broke("camera", picture(1), damaged);
    aside.broke("camera", picture(2), damaged);
  }
  expect(aside.hasSource("camera")).toBe(false);
  aside.broke("camera", picture(3), damaged);
  expect(aside.hasSource("camera")).toBe(true);
});

test("of one source a few pictures are known: those that broke something last", () => {
  const aside = setAside(noLog, () => 0);
  for (let at = 0; at < 9; at += 1)
    for (let attempt = 1; attempt <= 3; attempt += 1) aside.broke("camera", picture(at), damaged);
  expect([0, 1, 8].map((at) => aside.hasPicture("camera", picture(at)))).toEqual([false, true, true]);
});

test("a picture that was decoded after all is as good as any", () => {
  const aside = setAside(noLog, () => 0);
  for (let turn = 0; turn < 3; turn += 1) {
    aside.broke("camera", picture(1), unclear);
    aside.decoded("camera", picture(1));
  }
  expect(aside.hasPicture("camera", picture(1))).toBe(false);
});
