import { expect, test } from "vitest";
import { believedTime } from "./capture-times.ts";

const oldest = new Date("2026-01-01T00:00:00Z");
const received = new Date("2026-01-05T12:00:00Z");

test("a believable time is taken", () => {
  const claimed = new Date("2026-01-05T11:59:58Z");
  expect(believedTime(claimed, received, oldest)).toEqual({ captured_at: claimed, camera_time: null, time_flag: null });
});

test.each([
  ["1970-01-01T00:00:00Z", "too_old"],
  ["2036-01-05T12:00:00Z", "in_future"],
])("a camera that says %s is not believed: the arrival counts, the claim is kept", (text, time_flag) => {
  const claimed = new Date(text);
  expect(believedTime(claimed, received, oldest)).toEqual({ captured_at: received, camera_time: claimed, time_flag });
});
