import { queue } from "#lib/function/define.ts";
import { notify } from "#lib/wire/notify.ts";
import { ProbeFinished } from "../contract.ts";

export const notifyCameraProbed = queue({
  name: "notify-camera-probed",
  summary: "Tells consoles that a probe has its answer",
  queue: { event: ProbeFinished },
  needs: ["cache"],
  handle: ({ probe_id, cidade_id }, { cache, message }) =>
    notify(cache, { id: message.id, cidade_id, event: "camera.probed", data: { probe_id } }),
});
