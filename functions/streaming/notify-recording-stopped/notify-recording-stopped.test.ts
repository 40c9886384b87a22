import { uuidv7 } from "#lib/ids.ts";
import { proveNotification } from "#test/harness/messages.ts";
import { RecordingStopped } from "../contract.ts";

proveNotification(
  "notify-recording-stopped",
  "that a camera is no longer recorded",
  RecordingStopped,
  (cidade_id) => ({ recording_id: uuidv7(), camera_id: uuidv7(), cidade_id, agent_id: null }),
  { event: "recording.stopped", shown: (data) => data },
);
