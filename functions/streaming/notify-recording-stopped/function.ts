import { queue } from "#lib/function/define.ts";
import { notificationChannel } from "#lib/wire/console.ts";
import { RecordingStopped } from "../contract.ts";

export const notifyRecordingStopped = queue({
  name: "notify-recording-stopped",
  summary: "Tells consoles that a camera is no longer recorded",
  queue: { event: RecordingStopped },
  needs: ["cache"],
  handle: (data, { cache, message }) =>
    cache.publish(
      notificationChannel(data.cidade_id),
      JSON.stringify({
        type: "notification",
        id: message.id,
        cidade_id: data.cidade_id,
        event: "recording.stopped",
        data,
      }),
    ),
});
