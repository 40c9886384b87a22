import { queue } from "#lib/function/define.ts";
import { notificationChannel } from "#lib/wire/console.ts";
import { RecordingStarted } from "../contract.ts";

export const notifyRecordingStarted = queue({
  name: "notify-recording-started",
  summary: "Tells consoles that a camera is being recorded",
  queue: { event: RecordingStarted },
  needs: ["cache"],
  handle: (data, { cache, message }) =>
    cache.publish(
      notificationChannel(data.cidade_id),
      JSON.stringify({
        type: "notification",
        id: message.id,
        cidade_id: data.cidade_id,
        event: "recording.started",
        data,
      }),
    ),
});
