import { uuidv7 } from "#lib/ids.ts";
import { proveNotification } from "#test/harness/messages.ts";
import { AlertTriggered } from "../contract.ts";

proveNotification(
  "notify-alert-triggered",
  "of an alert",
  AlertTriggered,
  (cidade_id) => ({
    alert_id: uuidv7(),
    cidade_id,
    event_id: uuidv7(),
    plate: "ABC1D23",
    priority: "critical" as const,
    created_at: "2026-11-25T12:00:00.000Z",
  }),
  { event: "alert.triggered", shown: (data) => data },
);
