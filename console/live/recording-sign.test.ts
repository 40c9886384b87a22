import { describe, expect, test } from "vitest";
import type { KnownState } from "./link.ts";
import { recordingSign } from "./recording-sign.ts";

const wanted = { recording: true, status: "ONLINE" } as const;
const known: KnownState = {
  camera_id: "01890a5d-ac96-774b-bcce-b302099a8057",
  status: "ONLINE",
  cause: null,
  since_ms: 0,
  recording: true,
  last_captured_at_ms: null,
  watchdog_restarts: 0,
  bytes_per_second: 0,
  heard_at: 0,
};

describe("whether a camera is recorded", () => {
  test("is said when its agent says so, not because it was asked for", () => {
    expect(recordingSign(wanted, known)).toBe("recording");
    expect(recordingSign(wanted, { ...known, recording: false, status: "OFFLINE" })).toBe("interrupted");
    expect(recordingSign(wanted, { ...known, status: "PARADA", cause: "silent" })).toBe("interrupted");
    // What comes is recorded, though it shows nothing new.
    expect(recordingSign(wanted, { ...known, status: "PARADA", cause: "repeating" })).toBe("recording");
    expect(recordingSign(wanted, undefined)).toBe("unconfirmed");
    expect(recordingSign(wanted, { ...known, recording: false, cause: "agent_away" })).toBe("unconfirmed");
  });

  test("a full disk says its name, and what nobody asked for is off", () => {
    expect(recordingSign(wanted, { ...known, recording: false, status: "DISCO_CHEIO" })).toBe("disk_full");
    expect(recordingSign({ ...wanted, recording: false }, known)).toBe("off");
  });
});
