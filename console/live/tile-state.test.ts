import { describe, expect, test } from "vitest";
import { tileVerdict, type TileFacts, type TileState } from "./tile-state.ts";

const well: TileFacts = {
  linked: true,
  status: "ONLINE",
  status_cause: null,
  ended: null,
  fault: null,
  age_ms: 180,
  since_new_ms: 40,
};
const stateOf = (change: Partial<TileFacts>, before: TileState = "live"): string =>
  tileVerdict({ ...well, ...change }, before).state;

describe("a tile's state", () => {
  test("a fresh picture is live", () => {
    expect(stateOf({})).toBe("live");
  });

  test("a picture older than a second is delayed, though frames flow", () => {
    expect(stateOf({ age_ms: 1001 })).toBe("delayed");
    expect(stateOf({ age_ms: 40_000 })).toBe("delayed");
  });

  test("coming back from delayed asks for a clear margin", () => {
    expect(stateOf({ age_ms: 900 }, "delayed")).toBe("delayed");
    expect(stateOf({ age_ms: 800 }, "delayed")).toBe("live");
  });

  test("no new picture for two seconds is frozen, whatever the server says of the camera", () => {
    for (const status of ["ONLINE", "CONECTANDO", "DISCO_CHEIO", null] as const)
      expect(stateOf({ status, since_new_ms: 2001, age_ms: 2100 })).toBe("frozen");
  });

  test("pictures that do not change are frozen, though they arrive", () => {
    for (const status_cause of ["repeating", null] as const) {
      const verdict = tileVerdict({ ...well, status: "PARADA", status_cause }, "live");
      expect(verdict).toEqual({ state: "frozen", cause: "repeating" });
    }
  });

  test("a camera that the agent says is silent is not said to repeat itself", () => {
    const silent = { ...well, status: "PARADA", status_cause: "silent" } as const;
    expect(tileVerdict(silent, "live")).toEqual({ state: "frozen", cause: "silent" });
  });

  test("offline says its cause", () => {
    const gone = { age_ms: 9000, since_new_ms: 9000 };
    expect(tileVerdict({ ...well, ...gone, status: "OFFLINE", status_cause: "wrong_password" }, "live")).toEqual({
      state: "offline",
      cause: "wrong_password",
    });
    expect(tileVerdict({ ...well, ...gone, ended: "agent_away" }, "live").cause).toBe("agent_away");
  });

  test("a page that lost its own connection blames no camera", () => {
    expect(tileVerdict({ ...well, linked: false }, "live")).toEqual({ state: "offline", cause: "console" });
  });

  test("before the first picture it is connecting", () => {
    expect(stateOf({ age_ms: null, since_new_ms: null }, "connecting")).toBe("connecting");
  });

  test("a picture of unknown capture time is never live", () => {
    expect(stateOf({ age_ms: null, since_new_ms: 10 })).toBe("frozen");
  });

  test("no combination says live of a picture older than a second or one that stands still", () => {
    const statuses = ["INATIVA", "CONECTANDO", "ONLINE", "PARADA", "OFFLINE", "DISCO_CHEIO", null] as const;
    const befores = ["connecting", "live", "delayed", "frozen", "offline"] as const;
    for (const status of statuses)
      for (const before of befores)
        for (const [age_ms, since_new_ms] of [
          [1001, 10],
          [500, 2001],
          [null, 10],
          [5000, 5000],
        ] as const)
          expect(stateOf({ status, age_ms, since_new_ms }, before)).not.toBe("live");
  });
});
