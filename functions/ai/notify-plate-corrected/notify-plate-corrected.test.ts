import { uuidv7 } from "#lib/ids.ts";
import { proveNotification } from "#test/harness/messages.ts";
import { LprCorrected } from "../contract.ts";

proveNotification(
  "notify-plate-corrected",
  "of a read that says something else now",
  LprCorrected,
  (cidade_id) => ({
    event_id: uuidv7(),
    cidade_id,
    camera_id: uuidv7(),
    plate: "ABC1D23",
    previous_plate: "ABC1O23",
    confidence: 0.97,
    captured_at: "2026-11-25T12:00:00.000Z",
    source: "frame" as const,
    by: "looks" as const,
  }),
  { event: "lpr.corrected", shown: (data) => data },
);
