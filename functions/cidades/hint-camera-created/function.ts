import { queue } from "#lib/function/define.ts";
import { CameraCreated } from "../contract.ts";
import { hintAgent } from "../hints.ts";

export const hintCameraCreated = queue({
  name: "hint-camera-created",
  summary: "Tells an agent at once that it has a new camera",
  queue: { event: CameraCreated },
  needs: ["cache"],
  handle: ({ agent_id }, { cache }) => hintAgent(cache, agent_id, { type: "desired_state_changed" }),
});
