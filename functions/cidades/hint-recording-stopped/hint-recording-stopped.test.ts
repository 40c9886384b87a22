import { RecordingStopped } from "#functions/streaming/contract.ts";
import { uuidv7 } from "#lib/ids.ts";
import { proveHint } from "#test/harness/messages.ts";

proveHint("hint-recording-stopped", "that it is to stop recording", RecordingStopped, (agent_id) => ({
  recording_id: uuidv7(),
  camera_id: uuidv7(),
  cidade_id: uuidv7(),
  agent_id,
}));
