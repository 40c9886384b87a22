import { queue } from "#lib/function/define.ts";
import { CameraDeleted } from "../contract.ts";
import { hintAgent } from "../hints.ts";

export const hintCameraDeleted = queue({
  name: "hint-camera-deleted",
  summary: "Tells an agent at once to let go of a camera",
  queue: { event: CameraDeleted },
  needs: ["cache"],
  handle: ({ agent_id }, { cache }) => hintAgent(cache, agent_id, { type: "desired_state_changed" }),
});
