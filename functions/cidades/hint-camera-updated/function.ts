import { queue } from "#lib/function/define.ts";
import { CameraUpdated } from "../contract.ts";
import { hintAgent } from "../hints.ts";

export const hintCameraUpdated = queue({
  name: "hint-camera-updated",
  summary: "Tells an agent at once that one of its cameras was changed",
  queue: { event: CameraUpdated },
  needs: ["cache"],
  handle: ({ agent_id }, { cache }) => hintAgent(cache, agent_id, { type: "desired_state_changed" }),
});
