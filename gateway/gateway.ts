/**
 * Long-lived connections on an HTTP server: `/console/socket`, `/agents/control`, `/agents/live/<camera>`, and between
 * gateways `/gateways/live/<agent>/<camera>`.
 */
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { AppError } from "#lib/errors.ts";
import type { CameraState } from "#lib/wire/agent.ts";
import { createAgents } from "./agents.ts";
import { createLive } from "./live.ts";
import type { GatewayNeeds } from "./needs.ts";
import { createConsoles } from "./notifications.ts";
import { createPeerLine } from "./peers.ts";
import { createRemoteStates } from "./remote-states.ts";

/** Text messages are small; an agent's live fragment is one picture. */
const MESSAGE_LIMIT_BYTES = 8 * 1024 * 1024;
const livePath = /^\/agents\/live\/([0-9a-f-]{36})$/;
const peerPath = /^\/gateways\/live\/([0-9a-f-]{36})\/([0-9a-f-]{36})$/;

export type Gateway = {
  counts(): { consoles: number; agents: number; live_cameras: number };
  /** As the agents that are connected here said last. */
  cameras(): CameraState[];
  /** When an agent last told of its cameras, ms since 1970; 0: none did yet. */
  heardAt(): number;
  close(): Promise<void>;
};

export const attachGateway = (server: Server, needs: GatewayNeeds): Gateway => {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MESSAGE_LIMIT_BYTES });
  const { cache, peers, clock } = needs;
  const gateway_id = needs.ids();
  const remote = createRemoteStates(cache, gateway_id, (cidade_id, cameras) => consoles.sayStates(cidade_id, cameras));
  const agents = createAgents(needs, gateway_id, (cidade_id, cameras) => {
    consoles.sayStates(cidade_id, cameras);
    if (peers) remote.say(cidade_id, cameras);
  });
  const peerLine = peers ? createPeerLine(cache, gateway_id, peers, clock) : null;
  const live = createLive(agents.tell, peerLine, clock);
  const consoles = createConsoles(needs, live, remote, agents.states);

  const accept = (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<WebSocket> =>
    new Promise((resolve) =>
      sockets.handleUpgrade(request, socket, head, (opened) => {
        // Without a listener a peer's protocol error would end the process.
        opened.on("error", (error) => needs.log.debug("socket error", { error: error.message }));
        resolve(opened);
      }),
    );

  const route = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const url = new URL(request.url ?? "/", "http://gateway");
    if (url.pathname === "/console/socket") {
      mustBeSameOrigin(request);
      const session = await needs.redeemTicket(url.searchParams.get("ticket") ?? "");
      if (!session) throw new AppError("unauthorized", "The ticket is unknown, used or too old");
      return consoles.accept(await accept(request, socket, head), session);
    }
    const [isPeer, agent_id = "", watched = ""] = peerPath.exec(url.pathname) ?? [];
    if (isPeer && peerLine) {
      const of = { agent_id, camera_id: watched };
      if (!peerLine.isProof(request.headers.authorization, of))
        throw new AppError("unauthorized", "This is for gateways");
      return live.serve(of, await accept(request, socket, head));
    }
    const camera_id = livePath.exec(url.pathname)?.[1];
    if (url.pathname !== "/agents/control" && !camera_id) throw new AppError("not_found", "No such socket");
    const agent = await needs.agentOf(request.headers.authorization);
    const opened = await accept(request, socket, head);
    if (camera_id) return live.acceptSource({ agent_id: agent.agent_id, camera_id }, opened);
    return agents.accept(opened, agent);
  };

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on("error", () => socket.destroy());
    route(request, socket, head).catch((error: unknown) => refuse(needs, socket, error));
  };
  server.on("upgrade", onUpgrade);

  return {
    counts: () => ({ consoles: consoles.connected(), agents: agents.connected(), live_cameras: live.watchedCameras() }),
    cameras: () => agents.states().flatMap((city) => city.cameras),
    heardAt: () => Math.max(0, ...agents.states().map(({ heard_at_ms }) => heard_at_ms)),
    async close() {
      server.off("upgrade", onUpgrade);
      consoles.close();
      live.close();
      agents.close();
      for (const socket of sockets.clients) socket.terminate();
      await new Promise<void>((resolve) => sockets.close(() => resolve()));
    },
  };
};

/** Cookies do not guard a WebSocket and tickets are single-use; a foreign page must not even try. */
const mustBeSameOrigin = (request: IncomingMessage): void => {
  const origin = request.headers.origin;
  if (!origin || !URL.canParse(origin) || new URL(origin).host !== request.headers.host) {
    throw new AppError("forbidden", "The console's socket opens from its own page only");
  }
};

const statusLine: Partial<Record<string, string>> = {
  unauthorized: "401 Unauthorized",
  forbidden: "403 Forbidden",
  not_found: "404 Not Found",
  unavailable: "503 Service Unavailable",
};

const refuse = (needs: GatewayNeeds, socket: Duplex, error: unknown): void => {
  const line = error instanceof AppError ? statusLine[error.code] : undefined;
  if (!line) needs.log.error("socket refused", { error: error instanceof Error ? error.message : String(error) });
  if (socket.writable)
    socket.end(`HTTP/1.1 ${line ?? "500 Internal Server Error"}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
};
