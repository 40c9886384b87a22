import { uuidv7 } from "#lib/ids.ts";
import { proveHint } from "#test/harness/messages.ts";
import { CameraUpdated } from "../contract.ts";

proveHint("hint-camera-updated", "that one of its cameras was changed", CameraUpdated, (agent_id) => ({
  camera_id: uuidv7(),
  cidade_id: uuidv7(),
  agent_id,
}));
