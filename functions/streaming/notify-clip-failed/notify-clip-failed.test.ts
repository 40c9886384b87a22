import { uuidv7 } from "#lib/ids.ts";
import { proveNotification } from "#test/harness/messages.ts";
import { ClipFailed } from "../contract.ts";

proveNotification(
  "notify-clip-failed",
  "that a clip could not be cut",
  ClipFailed,
  (cidade_id) => ({ clip_id: uuidv7(), cidade_id, failure: "clip.segment_missing" as const }),
  { event: "clip.failed", shown: (data) => data },
);
