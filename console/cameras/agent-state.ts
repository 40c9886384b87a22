import type { Agent } from "#functions/cidades/contract.ts";

/** It is written down once a minute that an agent was heard. */
const AWAY_MS = 150_000;

export type AgentState = "inactive" | "waiting" | "connected" | "away";

export const agentState = (
  agent: Pick<Agent, "is_active" | "enrolled_at" | "last_seen_at">,
  now_ms: number,
): AgentState => {
  if (!agent.is_active) return "inactive";
  if (agent.enrolled_at === null) return "waiting";
  const isRecent = agent.last_seen_at !== null && now_ms - Date.parse(agent.last_seen_at) < AWAY_MS;
  return isRecent ? "connected" : "away";
};
