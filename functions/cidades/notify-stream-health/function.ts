import { queue } from "#lib/function/define.ts";
import { notify } from "#lib/wire/notify.ts";
import { StreamHealthCheck } from "../contract.ts";

export const notifyStreamHealth = queue({
  name: "notify-stream-health",
  summary: "Tells consoles that a camera is doing better or worse",
  queue: { event: StreamHealthCheck },
  needs: ["cache"],
  handle: ({ camera_id, cidade_id, status, cause }, { cache, message }) =>
    notify(cache, { id: message.id, cidade_id, event: "camera.changed", data: { camera_id, status, cause } }),
});
