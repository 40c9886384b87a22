import { queue } from "#lib/function/define.ts";
import { RecordingStarted } from "#functions/streaming/contract.ts";
import { hintAgent } from "../hints.ts";

export const hintRecordingStarted = queue({
  name: "hint-recording-started",
  summary: "Tells an agent at once to record",
  queue: { event: RecordingStarted },
  needs: ["cache"],
  handle: ({ agent_id }, { cache }) => hintAgent(cache, agent_id, { type: "desired_state_changed" }),
});
