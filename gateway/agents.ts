/** The agents' control connections: hints and commands out, states of cameras in. */
import type { WebSocket } from "ws";
import { FromAgent, type CameraState, ToAgent } from "#lib/wire/agent.ts";
import type { AgentIdentity, GatewayNeeds } from "./needs.ts";
import { keepAlive, parseText, sendJson } from "./sockets.ts";

/** An agent that comes back within this time was never away for the people who watch. */
const AWAY_AFTER_MS = 3000;
const STATUS_TTL_SECONDS = 10;

type Connected = AgentIdentity & {
  socket: WebSocket;
  states: CameraState[];
  heard_at_ms: number;
  away: NodeJS.Timeout | null;
};

export type Agents = {
  accept(socket: WebSocket, agent: AgentIdentity): Promise<void>;
  /** `false`: not connected here. */
  tell(agent_id: string, message: ToAgent): boolean;
  /** States of the cameras whose agents are connected, per city. */
  states(): { cidade_id: string; cameras: CameraState[]; heard_at_ms: number }[];
  connected(): number;
  close(): void;
};

/** Whatever may have been said while nothing could be heard. */
const hints: readonly ToAgent[] = [{ type: "desired_state_changed" }, { type: "probe_waiting" }];

export const agentAway = (state: CameraState, now_ms: number): CameraState =>
  state.cause === "agent_away"
    ? state
    : { ...state, status: "OFFLINE", cause: "agent_away", since_ms: now_ms, recording: false };

export const createAgents = (
  needs: Pick<GatewayNeeds, "cache" | "clock" | "log">,
  onStates: (cidade_id: string, cameras: CameraState[]) => void,
): Agents => {
  const agents = new Map<string, Connected>();

  const onMessage = (entry: Connected, data: unknown): void => {
    const message = parseText(FromAgent, data);
    if (message?.type !== "states") return;
    entry.states = message.cameras;
    entry.heard_at_ms = needs.clock().getTime();
    onStates(entry.cidade_id, message.cameras);
    void remember(needs, message.cameras);
  };

  const onClose = (entry: Connected): void => {
    if (agents.get(entry.agent_id) !== entry) return;
    entry.away = setTimeout(() => {
      entry.states = entry.states.map((state) => agentAway(state, needs.clock().getTime()));
      onStates(entry.cidade_id, entry.states);
      if (agents.get(entry.agent_id) === entry) agents.delete(entry.agent_id);
    }, AWAY_AFTER_MS);
  };

  return {
    async accept(socket, agent) {
      const before = agents.get(agent.agent_id);
      if (before?.away) clearTimeout(before.away);
      const entry: Connected = { states: [], heard_at_ms: 0, ...before, ...agent, socket, away: null };
      agents.set(agent.agent_id, entry);
      // A second connection of the same agent replaces the first: its old line may be dead without knowing.
      before?.socket.terminate();
      keepAlive(socket);
      socket.on("message", (data) => onMessage(entry, data));
      const hearing = await needs.cache.subscribe(`agents:${agent.agent_id}`, (text) => {
        for (const message of text === null ? hints : [parseText(ToAgent, text)])
          if (message) sendJson(socket, message);
      });
      socket.on("close", () => {
        void hearing.stop();
        onClose(entry);
      });
      sendJson(socket, { type: "desired_state_changed" });
      needs.log.info("agent connected", { agent_id: agent.agent_id });
    },
    tell(agent_id, message) {
      const entry = agents.get(agent_id);
      if (!entry || entry.socket.readyState !== entry.socket.OPEN) return false;
      sendJson(entry.socket, message);
      return true;
    },
    states: () => [...agents.values()].map(saidBy),
    connected: () => [...agents.values()].filter(({ away }) => away === null).length,
    close() {
      for (const entry of agents.values()) {
        if (entry.away) clearTimeout(entry.away);
        entry.socket.terminate();
      }
      agents.clear();
    },
  };
};

const saidBy = ({ cidade_id, states, heard_at_ms }: Connected) => ({ cidade_id, cameras: states, heard_at_ms });

const remember = async (needs: Pick<GatewayNeeds, "cache">, cameras: readonly CameraState[]): Promise<void> => {
  const writes = cameras.map((state) =>
    needs.cache.set(`camera:${state.camera_id}:status`, JSON.stringify(state), { ttl_seconds: STATUS_TTL_SECONDS }),
  );
  await Promise.allSettled(writes);
};
