import { expect, test } from "vitest";
import { agentState } from "./agent-state.ts";
import { isPlayableEverywhere, keysAreFar } from "./video-advice.ts";

test("key frames farther apart than 2.5 s are warned of; a distance that was not measured is not", () => {
  expect([null, 1, 2, 2.5, 2.6, 10].map(keysAreFar)).toEqual([false, false, false, false, true, true]);
});

test("H.264 plays in every browser, by whatever name; H.265 may not", () => {
  expect(["h264", "H.264", "avc1.42e01e", "h265", "hevc"].map(isPlayableEverywhere)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});

test("an agent waits until it has enrolled, is connected while heard of, and away after that", () => {
  const heard = { is_active: true, enrolled_at: "2026-05-04T10:00:00Z", last_seen_at: "2026-05-04T12:00:00Z" };
  const noon = Date.parse("2026-05-04T12:00:00Z");
  expect(agentState({ ...heard, enrolled_at: null, last_seen_at: null }, noon)).toBe("waiting");
  expect(agentState(heard, noon + 149_000)).toBe("connected");
  expect(agentState(heard, noon + 150_000)).toBe("away");
  expect(agentState({ ...heard, last_seen_at: null }, noon)).toBe("away");
  expect(agentState({ ...heard, is_active: false }, noon)).toBe("inactive");
});
