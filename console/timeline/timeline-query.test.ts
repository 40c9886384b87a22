import { describe, expect, test } from "vitest";
import { withRunningGap } from "./timeline-query.ts";

const day = { from: 0, to: 1_000_000 };
const line = { day, spans: [{ from: 0, to: 60_000 }], gaps: [], truncated_at: null, kept_since: 0 };
const well = { status: "ONLINE", status_cause: null, recording: true } as const;

describe("a gap that still lasts", () => {
  test("what is being recorded now is no gap yet", () => {
    expect(withRunningGap(line, well, 80_000)).toBe(line);
  });

  test("its cause is what the camera's state says", () => {
    const causes = [
      [{ status: "OFFLINE", status_cause: "refused", recording: false }, "camera"],
      [{ status: "OFFLINE", status_cause: "agent_away", recording: false }, "agent"],
      [{ status: "DISCO_CHEIO", status_cause: "disk_reserve", recording: false }, "disk"],
      [{ status: "ONLINE", status_cause: null, recording: false }, "operator"],
      [well, null],
    ] as const;
    for (const [camera, cause] of causes)
      expect(withRunningGap(line, camera, 200_000).gaps).toEqual([{ from: 60_000, to: day.to, cause }]);
  });

  test("of a day that is over it lasted to the day's end, and today's state is no reason", () => {
    const gone = { status: "OFFLINE", status_cause: "refused", recording: false } as const;
    expect(withRunningGap(line, gone, 5_000_000).gaps).toEqual([{ from: 60_000, to: day.to, cause: null }]);
    const whole = { ...line, spans: [{ from: 0, to: day.to - 4000 }] };
    expect(withRunningGap(whole, gone, 5_000_000)).toBe(whole);
  });

  test("of a day that was not told to its end nobody knows", () => {
    const cut = { ...line, truncated_at: 60_000 };
    expect(withRunningGap(cut, { ...well, status: "OFFLINE" }, 200_000)).toBe(cut);
  });

  test("what the server has told is not told twice", () => {
    const told = { ...line, gaps: [{ from: 60_000, to: 1_000_000, cause: "disk" }] };
    expect(withRunningGap(told, { ...well, status: "OFFLINE" }, 200_000)).toBe(told);
  });
});
