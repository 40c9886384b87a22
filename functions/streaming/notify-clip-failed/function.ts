import { queue } from "#lib/function/define.ts";
import { notify } from "#lib/wire/notify.ts";
import { ClipFailed } from "../contract.ts";

export const notifyClipFailed = queue({
  name: "notify-clip-failed",
  summary: "Tells consoles that a clip could not be cut",
  queue: { event: ClipFailed },
  needs: ["cache"],
  handle: (data, { cache, message }) =>
    notify(cache, { id: message.id, cidade_id: data.cidade_id, event: "clip.failed", data }),
});
