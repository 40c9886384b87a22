import { queue } from "#lib/function/define.ts";
import { notify } from "#lib/wire/notify.ts";
import { AlertAcknowledged } from "../contract.ts";

export const notifyAlertAcknowledged = queue({
  name: "notify-alert-acknowledged",
  summary: "Tells consoles that an alert was acknowledged",
  queue: { event: AlertAcknowledged },
  needs: ["cache"],
  handle: (data, { cache, message }) =>
    notify(cache, { id: message.id, cidade_id: data.cidade_id, event: "alert.acknowledged", data }),
});
