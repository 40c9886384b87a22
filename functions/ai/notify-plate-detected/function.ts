import { queue } from "#lib/function/define.ts";
import { notificationChannel } from "#lib/wire/console.ts";
import { LprDetected } from "../contract.ts";

export const notifyPlateDetected = queue({
  name: "notify-plate-detected",
  summary: "Tells consoles that a plate was read",
  queue: { event: LprDetected },
  needs: ["cache"],
  handle: (data, { cache, message }) =>
    cache.publish(
      notificationChannel(data.cidade_id),
      JSON.stringify({ type: "notification", id: message.id, cidade_id: data.cidade_id, event: "lpr.detected", data }),
    ),
});
