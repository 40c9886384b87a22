import { queue } from "#lib/function/define.ts";
import { notify } from "#lib/wire/notify.ts";
import { LprDetected } from "../contract.ts";

export const notifyPlateDetected = queue({
  name: "notify-plate-detected",
  summary: "Tells consoles that a plate was read",
  queue: { event: LprDetected },
  needs: ["cache"],
  handle: (data, { cache, message }) =>
    notify(cache, { id: message.id, cidade_id: data.cidade_id, event: "lpr.detected", data }),
});
