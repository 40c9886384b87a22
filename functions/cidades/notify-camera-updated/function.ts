import { queue } from "#lib/function/define.ts";
import { notify } from "#lib/wire/notify.ts";
import { CameraUpdated } from "../contract.ts";

export const notifyCameraUpdated = queue({
  name: "notify-camera-updated",
  summary: "Tells consoles that a camera was changed",
  queue: { event: CameraUpdated },
  needs: ["cache"],
  handle: ({ camera_id, cidade_id }, { cache, message }) =>
    notify(cache, { id: message.id, cidade_id, event: "camera.changed", data: { camera_id } }),
});
