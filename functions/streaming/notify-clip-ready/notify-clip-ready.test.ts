import { uuidv7 } from "#lib/ids.ts";
import { proveNotification } from "#test/harness/messages.ts";
import { ClipReady } from "../contract.ts";

proveNotification(
  "notify-clip-ready",
  "that a clip is ready",
  ClipReady,
  (cidade_id) => ({ clip_id: uuidv7(), cidade_id }),
  { event: "clip.ready", shown: (data) => data },
);
