import { queue } from "#lib/function/define.ts";
import { ProbeRequested } from "../contract.ts";
import { hintAgent } from "../hints.ts";

export const hintProbeRequested = queue({
  name: "hint-probe-requested",
  summary: "Tells an agent at once that an address is to be looked at",
  queue: { event: ProbeRequested },
  needs: ["cache"],
  handle: ({ agent_id }, { cache }) => hintAgent(cache, agent_id, { type: "probe_waiting" }),
});
