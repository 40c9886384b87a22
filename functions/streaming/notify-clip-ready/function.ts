import { queue } from "#lib/function/define.ts";
import { notify } from "#lib/wire/notify.ts";
import { ClipReady } from "../contract.ts";

export const notifyClipReady = queue({
  name: "notify-clip-ready",
  summary: "Tells consoles that a clip is ready",
  queue: { event: ClipReady },
  needs: ["cache"],
  handle: (data, { cache, message }) =>
    notify(cache, { id: message.id, cidade_id: data.cidade_id, event: "clip.ready", data }),
});
