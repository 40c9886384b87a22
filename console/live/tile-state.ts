/**
 * What may be said of a tile's picture. The one rule that has no exception: `live` is never said of a picture that is older
 * than a second, nor of one that has stopped changing.
 */
import type { CameraCause, CameraStatus } from "#lib/wire/agent.ts";
import type { LiveEndCause } from "#lib/wire/console.ts";

export type TileState = "connecting" | "live" | "delayed" | "frozen" | "offline";

/** `console`: this page has lost its own connection. */
export type TileCause = CameraCause | "console" | "inactive" | "no_address" | "undecodable" | "forbidden" | null;

export type TileFacts = {
  /** The console's own socket has answered within the last seconds. */
  linked: boolean;
  status: CameraStatus | null;
  status_cause: CameraCause | null;
  ended: LiveEndCause | null;
  /** The codec cannot be played here, the stream was refused … */
  fault: "undecodable" | "forbidden" | null;
  /** Of the picture now on the glass, ms; null when there is none, or its capture time is not known. */
  age_ms: number | null;
  /** Since a picture newer than all before was presented, ms; null when there never was one. */
  since_new_ms: number | null;
};

export type Verdict = { state: TileState; cause: TileCause };

export const LIVE_MS = 1000;
/** Coming back from `delayed` asks for a little more, so that a picture at the limit does not flicker between two words. */
const LIVE_AGAIN_MS = 850;
export const FROZEN_MS = 2000;

export const tileVerdict = (facts: TileFacts, before: TileState): Verdict => {
  const { linked, status, status_cause, ended, fault, age_ms, since_new_ms } = facts;
  if (!linked) return { state: "offline", cause: "console" };
  if (fault) return { state: "offline", cause: fault };
  if (status === "INATIVA") return { state: "offline", cause: "inactive" };
  if (since_new_ms !== null && since_new_ms <= FROZEN_MS && age_ms !== null) {
    // Pictures come, and the agent says that nothing moves in them.
    if (status === "PARADA") return { state: "frozen", cause: status_cause ?? "repeating" };
    const limit = before === "delayed" ? LIVE_AGAIN_MS : LIVE_MS;
    return { state: age_ms <= limit ? "live" : "delayed", cause: null };
  }
  if (status === "OFFLINE") return { state: "offline", cause: status_cause };
  if (ended === "agent_away") return { state: "offline", cause: "agent_away" };
  if (status === "PARADA" || since_new_ms !== null) return { state: "frozen", cause: status_cause };
  return { state: "connecting", cause: status_cause };
};
