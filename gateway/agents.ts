/**
 * The agents' control connections: hints and commands out, states of cameras in. An agent is held by the gateway that it
 * reached last; the one that held it before hears so, and says nothing more about it.
 */
import type { WebSocket } from "ws";
import * as z from "zod";
import { type CameraState, commandChannel, FromAgent, ToAgent } from "#lib/wire/agent.ts";
import type { AgentIdentity, GatewayNeeds } from "./needs.ts";
import { keepAlive, parseText, sendJson } from "./sockets.ts";

/** An agent that comes back within this time was never away for the people who watch. */
const AWAY_AFTER_MS = 3000;
const STATUS_TTL_SECONDS = 10;

/** `since_ms`: by the clock of the gateway that accepted it. */
const Held = z.object({ gateway_id: z.string(), since_ms: z.number() });
type Held = z.infer<typeof Held>;

type Connected = AgentIdentity & {
  socket: WebSocket;
  since_ms: number;
  hearing: { stop(): Promise<void> } | null;
  states: CameraState[];
  heard_at_ms: number;
  away: NodeJS.Timeout | null;
};

export type Agents = {
  accept(socket: WebSocket, agent: AgentIdentity): Promise<void>;
  /** `false`: not connected to any gateway, as far as is known. */
  tell(agent_id: string, message: ToAgent): Promise<boolean>;
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

type Needs = Pick<GatewayNeeds, "cache" | "clock" | "log">;
type Parts = {
  needs: Needs;
  gateway_id: string;
  agents: Map<string, Connected>;
  onStates(cidade_id: string, cameras: CameraState[]): void;
};

export const createAgents = (needs: Needs, gateway_id: string, onStates: Parts["onStates"]): Agents => {
  const agents = new Map<string, Connected>();
  const parts: Parts = { needs, gateway_id, agents, onStates };
  return {
    accept: (socket, agent) => accept(parts, socket, agent),
    async tell(agent_id, message) {
      const socket = agents.get(agent_id)?.socket;
      if (!socket || socket.readyState !== socket.OPEN)
        return needs.cache.publish(commandChannel(agent_id), JSON.stringify(message));
      sendJson(socket, message);
      return true;
    },
    states: () => [...agents.values()].map(saidBy),
    connected: () => [...agents.values()].filter(({ away }) => away === null).length,
    close() {
      for (const entry of agents.values()) letGo(parts, entry);
    },
  };
};

const heldChannel = (agent_id: string): string => `${commandChannel(agent_id)}:held`;

const accept = async (parts: Parts, socket: WebSocket, agent: AgentIdentity): Promise<void> => {
  const { needs, agents } = parts;
  const { agent_id } = agent;
  const before = agents.get(agent_id);
  const fresh = { states: [], heard_at_ms: 0, away: null, hearing: null };
  const said = before && { states: before.states, heard_at_ms: before.heard_at_ms };
  const entry: Connected = { ...fresh, ...said, ...agent, socket, since_ms: needs.clock().getTime() };
  // A second connection of the same agent replaces the first: its old line may be dead without knowing.
  if (before) letGo(parts, before);
  agents.set(agent_id, entry);
  keepAlive(socket);
  socket.on("message", (data) => onMessage(parts, entry, data));
  const commands = await needs.cache.subscribe(commandChannel(agent_id), (text) => {
    for (const message of text === null ? hints : [parseText(ToAgent, text)]) if (message) sendJson(socket, message);
  });
  const holding = await needs.cache.subscribe(heldChannel(agent_id), (text) => onHeld(parts, entry, text));
  if (agents.get(agent_id) === entry) entry.hearing = holding;
  else void holding.stop();
  const onGone = (): void => {
    void commands.stop();
    onClose(parts, entry);
  };
  if (socket.readyState === socket.CLOSED) return onGone();
  socket.on("close", onGone);
  sayHeld(parts, entry);
  sendJson(socket, { type: "desired_state_changed" });
  needs.log.info("agent connected", { agent_id });
};

const sayHeld = ({ needs, gateway_id }: Parts, { agent_id, since_ms }: Connected): void =>
  void needs.cache.publish(heldChannel(agent_id), JSON.stringify({ gateway_id, since_ms } satisfies Held));

/** The newest connection wins. One that comes late to say that it is older is told so. */
const onHeld = (parts: Parts, entry: Connected, text: string | null): void => {
  const held = text === null ? null : parseText(Held, text);
  if (!held || held.gateway_id === parts.gateway_id || parts.agents.get(entry.agent_id) !== entry) return;
  const later = held.since_ms - entry.since_ms || (held.gateway_id > parts.gateway_id ? 1 : -1);
  if (later > 0) letGo(parts, entry);
  else if (entry.away === null) sayHeld(parts, entry);
};

const letGo = ({ agents }: Parts, entry: Connected): void => {
  if (agents.get(entry.agent_id) === entry) agents.delete(entry.agent_id);
  if (entry.away) clearTimeout(entry.away);
  void entry.hearing?.stop();
  entry.socket.terminate();
};

const onMessage = ({ needs, agents, onStates }: Parts, entry: Connected, data: unknown): void => {
  const message = parseText(FromAgent, data);
  if (message?.type !== "states" || agents.get(entry.agent_id) !== entry) return;
  entry.states = message.cameras;
  entry.heard_at_ms = needs.clock().getTime();
  onStates(entry.cidade_id, message.cameras);
  void remember(needs, message.cameras);
};

const onClose = (parts: Parts, entry: Connected): void => {
  if (parts.agents.get(entry.agent_id) !== entry) return;
  entry.away = setTimeout(() => {
    entry.states = entry.states.map((state) => agentAway(state, parts.needs.clock().getTime()));
    parts.onStates(entry.cidade_id, entry.states);
    letGo(parts, entry);
  }, AWAY_AFTER_MS);
};

const saidBy = ({ cidade_id, states, heard_at_ms }: Connected) => ({ cidade_id, cameras: states, heard_at_ms });

const remember = async (needs: Pick<GatewayNeeds, "cache">, cameras: readonly CameraState[]): Promise<void> => {
  const writes = cameras.map((state) =>
    needs.cache.set(`camera:${state.camera_id}:status`, JSON.stringify(state), { ttl_seconds: STATUS_TTL_SECONDS }),
  );
  await Promise.allSettled(writes);
};
