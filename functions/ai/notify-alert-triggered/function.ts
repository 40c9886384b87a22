import { queue } from "#lib/function/define.ts";
import { notify } from "#lib/wire/notify.ts";
import { AlertTriggered } from "../contract.ts";

export const notifyAlertTriggered = queue({
  name: "notify-alert-triggered",
  summary: "Tells consoles of an alert",
  queue: { event: AlertTriggered },
  needs: ["cache"],
  handle: (data, { cache, message }) =>
    notify(cache, { id: message.id, cidade_id: data.cidade_id, event: "alert.triggered", data }),
});
