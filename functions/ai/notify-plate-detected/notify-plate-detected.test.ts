import { uuidv7 } from "#lib/ids.ts";
import { proveNotification } from "#test/harness/messages.ts";
import { LprDetected } from "../contract.ts";

proveNotification(
  "notify-plate-detected",
  "of a plate that was read",
  LprDetected,
  (cidade_id) => ({
    event_id: uuidv7(),
    cidade_id,
    camera_id: uuidv7(),
    plate: "ABC1D23",
    confidence: 0.9,
    captured_at: "2026-11-25T12:00:00.000Z",
    source: "camera" as const,
  }),
  { event: "lpr.detected", shown: (data) => data },
);
