import { uuidv7 } from "#lib/ids.ts";
import { proveNotification } from "#test/harness/messages.ts";
import { AlertAcknowledged } from "../contract.ts";

proveNotification(
  "notify-alert-acknowledged",
  "of an acknowledged alert",
  AlertAcknowledged,
  (cidade_id) => ({ alert_id: uuidv7(), cidade_id }),
  { event: "alert.acknowledged", shown: (data) => data },
);
