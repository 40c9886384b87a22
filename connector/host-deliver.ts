/** Reaches functions of the same process: a call, with the same meaning as the request that it replaces. */
import type { Answer } from "#lib/function/answer.ts";
import type { Host } from "#lib/function/host.ts";
import type { Deliver, RunPlanned } from "./deliver.ts";
import type { Outcome } from "./retry-rules.ts";
import type { DeliverFrame } from "./frames.ts";
import { plainName } from "./http-deliver.ts";

export const hostReach = (
  host: Pick<Host, "deliver" | "runCron" | "handleFrame">,
): { deliver: Deliver; run: RunPlanned; deliverFrame: DeliverFrame } => ({
  deliver: async (functionName, event, attempt) =>
    outcomeOf(await host.deliver(event, plainName(functionName), attempt)),
  run: async (functionName, plannedFor) => outcomeOf(await host.runCron(plainName(functionName), plannedFor)),
  deliverFrame: async (functionName, held) => outcomeOf(await host.handleFrame(plainName(functionName), held)),
});

const outcomeOf = (answer: Answer): Outcome => {
  if ("done" in answer) return { status: 204, final: false };
  const { reason } = answer;
  if ("park" in answer) {
    const only = answer.only ? { only: answer.only } : {};
    return { status: 503, final: false, reason, retry_after_seconds: answer.seconds, ...only };
  }
  return { status: 500, final: "final" in answer, reason };
};
