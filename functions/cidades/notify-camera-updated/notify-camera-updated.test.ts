import { uuidv7 } from "#lib/ids.ts";
import { proveNotification } from "#test/harness/messages.ts";
import { CameraUpdated } from "../contract.ts";

proveNotification(
  "notify-camera-updated",
  "that a camera was changed",
  CameraUpdated,
  (cidade_id) => ({ camera_id: uuidv7(), cidade_id, agent_id: null }),
  { event: "camera.changed", shown: ({ camera_id }) => ({ camera_id }) },
);
