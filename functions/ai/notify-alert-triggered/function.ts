import { queue } from "#lib/function/define.ts";
import { notificationChannel } from "#lib/wire/console.ts";
import { AlertTriggered } from "../contract.ts";

export const notifyAlertTriggered = queue({
  name: "notify-alert-triggered",
  summary: "Tells consoles of an alert",
  queue: { event: AlertTriggered },
  needs: ["cache"],
  handle: (data, { cache, message }) =>
    cache.publish(
      notificationChannel(data.cidade_id),
      JSON.stringify({
        type: "notification",
        id: message.id,
        cidade_id: data.cidade_id,
        event: "alert.triggered",
        data,
      }),
    ),
});
