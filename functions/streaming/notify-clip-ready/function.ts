import { queue } from "#lib/function/define.ts";
import { notificationChannel } from "#lib/wire/console.ts";
import { ClipReady } from "../contract.ts";

export const notifyClipReady = queue({
  name: "notify-clip-ready",
  summary: "Tells consoles that a clip is ready",
  queue: { event: ClipReady },
  needs: ["cache"],
  handle: (data, { cache, message }) =>
    cache.publish(
      notificationChannel(data.cidade_id),
      JSON.stringify({ type: "notification", id: message.id, cidade_id: data.cidade_id, event: "clip.ready", data }),
    ),
});
