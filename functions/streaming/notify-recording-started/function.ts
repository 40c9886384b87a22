import { queue } from "#lib/function/define.ts";
import { notify } from "#lib/wire/notify.ts";
import { RecordingStarted } from "../contract.ts";

export const notifyRecordingStarted = queue({
  name: "notify-recording-started",
  summary: "Tells consoles that a camera is being recorded",
  queue: { event: RecordingStarted },
  needs: ["cache"],
  handle: (data, { cache, message }) =>
    notify(cache, { id: message.id, cidade_id: data.cidade_id, event: "recording.started", data }),
});
