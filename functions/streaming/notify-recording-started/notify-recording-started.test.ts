import { uuidv7 } from "#lib/ids.ts";
import { proveNotification } from "#test/harness/messages.ts";
import { RecordingStarted } from "../contract.ts";

proveNotification(
  "notify-recording-started",
  "that a camera is being recorded",
  RecordingStarted,
  (cidade_id) => ({ recording_id: uuidv7(), camera_id: uuidv7(), cidade_id, agent_id: null }),
  { event: "recording.started", shown: (data) => data },
);
