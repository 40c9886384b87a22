import { describe, expect, test } from "vitest";
import { createGlass } from "./glass.ts";

const START = 1_000_000;

/** A video element that presents what it is told to, and a clock that stands until it is moved. */
const glassOf = () => {
  let presented: VideoFrameRequestCallback = () => undefined;
  let passed = 0;
  const video = {
    requestVideoFrameCallback(callback: VideoFrameRequestCallback) {
      presented = callback;
      return 1;
    },
    cancelVideoFrameCallback: () => undefined,
  };
  const glass = createGlass(video, { server: () => START + passed, monotonic: () => passed }, () => undefined);
  return {
    glass,
    present: (mediaTime: number) => presented(0, { mediaTime } as VideoFrameCallbackMetadata),
    pass(ms: number) {
      passed += ms;
    },
  };
};

describe("what is on the glass", () => {
  test("its age is that of the frame presented, not of the newest that was sent", () => {
    const { glass, present, pass } = glassOf();
    glass.add(1, START - 400);
    glass.add(2, START - 50);
    present(1);
    pass(100);
    expect(glass.facts()).toEqual({ age_ms: 500, since_new_ms: 100 });
  });

  test("before anything is presented nothing is claimed", () => {
    const { glass } = glassOf();
    glass.add(1, START);
    expect(glass.facts()).toEqual({ age_ms: null, since_new_ms: null });
  });

  test("a frame whose stamp is not known leaves the older age standing, until the stamp comes", () => {
    const { glass, present, pass } = glassOf();
    glass.add(1, START);
    present(1);
    pass(300);
    present(2);
    expect(glass.facts()).toEqual({ age_ms: 300, since_new_ms: 300 });
    glass.add(2, START + 250);
    expect(glass.facts()).toEqual({ age_ms: 50, since_new_ms: 0 });
  });

  test("a stamp from the future is no age and no sign of life", () => {
    const { glass, present, pass } = glassOf();
    glass.add(1, START);
    glass.add(2, START + 3_600_000);
    present(1);
    pass(2500);
    present(2);
    expect(glass.facts()).toEqual({ age_ms: 2500, since_new_ms: 2500 });
  });

  test("the same picture again is no sign of life", () => {
    const { glass, present, pass } = glassOf();
    glass.add(1, START);
    present(1);
    pass(1500);
    present(1);
    expect(glass.facts().since_new_ms).toBe(1500);
  });
});
