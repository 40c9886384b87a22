/** Hints for agents: they make things quick, and nothing depends on them. */
import type { Cache } from "#lib/cache/cache.ts";
import { commandChannel, type ToAgent } from "#lib/wire/agent.ts";

export const hintAgent = async (cache: Cache, agent_id: string | null, message: ToAgent): Promise<void> => {
  if (agent_id !== null) await cache.publish(commandChannel(agent_id), JSON.stringify(message));
};
