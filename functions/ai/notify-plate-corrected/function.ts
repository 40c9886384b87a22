import { queue } from "#lib/function/define.ts";
import { notify } from "#lib/wire/notify.ts";
import { LprCorrected } from "../contract.ts";

export const notifyPlateCorrected = queue({
  name: "notify-plate-corrected",
  summary: "Tells consoles that a read says something else now",
  queue: { event: LprCorrected },
  needs: ["cache"],
  handle: (data, { cache, message }) =>
    notify(cache, { id: message.id, cidade_id: data.cidade_id, event: "lpr.corrected", data }),
});
