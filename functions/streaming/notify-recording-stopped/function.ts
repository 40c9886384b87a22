import { queue } from "#lib/function/define.ts";
import { notify } from "#lib/wire/notify.ts";
import { RecordingStopped } from "../contract.ts";

export const notifyRecordingStopped = queue({
  name: "notify-recording-stopped",
  summary: "Tells consoles that a camera is no longer recorded",
  queue: { event: RecordingStopped },
  needs: ["cache"],
  handle: (data, { cache, message }) =>
    notify(cache, { id: message.id, cidade_id: data.cidade_id, event: "recording.stopped", data }),
});
