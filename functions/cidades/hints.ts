/** Hints for agents and consoles: they make things quick, and nothing depends on them. */
import type { Cache } from "#lib/cache/cache.ts";
import type { ToAgent } from "#lib/wire/agent.ts";
import { notificationChannel, type Notification } from "#lib/wire/console.ts";

export const hintAgent = async (cache: Cache, agent_id: string | null, message: ToAgent): Promise<void> => {
  if (agent_id !== null) await cache.publish(`agents:${agent_id}`, JSON.stringify(message));
};

export const notify = (
  cache: Cache,
  about: { id: string; cidade_id: string; event: Notification["event"]; data: Record<string, unknown> },
): Promise<void> =>
  cache.publish(
    notificationChannel(about.cidade_id),
    JSON.stringify({ type: "notification", ...about } satisfies Notification),
  );
