import { uuidv7 } from "#lib/ids.ts";
import { proveNotification } from "#test/harness/messages.ts";
import { ProbeFinished } from "../contract.ts";

proveNotification(
  "notify-camera-probed",
  "that a probe has its answer",
  ProbeFinished,
  (cidade_id) => ({ probe_id: uuidv7(), cidade_id }),
  { event: "camera.probed", shown: ({ probe_id }) => ({ probe_id }) },
);
