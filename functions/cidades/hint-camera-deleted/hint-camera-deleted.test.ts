import { uuidv7 } from "#lib/ids.ts";
import { proveHint } from "#test/harness/messages.ts";
import { CameraDeleted } from "../contract.ts";

proveHint("hint-camera-deleted", "that it is to let go of a camera", CameraDeleted, (agent_id) => ({
  camera_id: uuidv7(),
  cidade_id: uuidv7(),
  agent_id,
}));
