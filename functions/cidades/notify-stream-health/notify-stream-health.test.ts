import { uuidv7 } from "#lib/ids.ts";
import { proveNotification } from "#test/harness/messages.ts";
import { StreamHealthCheck } from "../contract.ts";

proveNotification(
  "notify-stream-health",
  "how a camera is doing and why",
  StreamHealthCheck,
  (cidade_id) => ({
    camera_id: uuidv7(),
    cidade_id,
    status: "OFFLINE" as const,
    cause: "unreachable" as const,
    since_ms: 1,
  }),
  { event: "camera.changed", shown: ({ camera_id, status, cause }) => ({ camera_id, status, cause }) },
);
