import { uuidv7 } from "#lib/ids.ts";
import { proveHint } from "#test/harness/messages.ts";
import { CameraCreated } from "../contract.ts";

proveHint("hint-camera-created", "of its new camera", CameraCreated, (agent_id) => ({
  camera_id: uuidv7(),
  record: true,
  cidade_id: uuidv7(),
  agent_id,
}));
