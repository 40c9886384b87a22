import { queue } from "#lib/function/define.ts";
import { RecordingStopped } from "#functions/streaming/contract.ts";
import { hintAgent } from "../hints.ts";

export const hintRecordingStopped = queue({
  name: "hint-recording-stopped",
  summary: "Tells an agent at once to stop recording",
  queue: { event: RecordingStopped },
  needs: ["cache"],
  handle: ({ agent_id }, { cache }) => hintAgent(cache, agent_id, { type: "desired_state_changed" }),
});
