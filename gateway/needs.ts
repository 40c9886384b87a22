/** What the gateway is handed. It holds no rule of the domain: who may what is answered by these. */
import type { Cache } from "#lib/cache/cache.ts";
import type { Frames } from "#lib/frames/frames.ts";
import type { Permission } from "#lib/function/permissions.ts";
import type { Log } from "#lib/log.ts";
import type { Peers } from "./peers.ts";

/** A signed-in person on a console socket. */
export type ConsoleSession = {
  session_id: string;
  user_id: string;
  cities: "all" | readonly string[];
  may(permission: Permission, cidade_id: string): boolean;
};

export type AgentIdentity = { agent_id: string; cidade_id: string };

/** What a stream token allows, as `open-stream` signed it. */
export type LiveGrant = { camera_id: string; cidade_id: string; agent_id: string; session_id: string };

export type GatewayNeeds = {
  /** `null`: there is no other gateway. */
  peers: Peers | null;
  cache: Cache;
  frames: Frames;
  /** Redeems a single-use ticket; `null` when it is unknown, used or too old. */
  redeemTicket(ticket: string): Promise<ConsoleSession | null>;
  /** `null`: ended, disabled or changed since. Asked every 30 s for each open socket. */
  renewSession(session_id: string): Promise<ConsoleSession | null>;
  /** Throws AppError `unauthorized`. */
  agentOf(authorization: string | undefined): Promise<AgentIdentity>;
  /** Throws AppError `unauthorized`. */
  liveGrantOf(token: string): Promise<LiveGrant>;
  cameraInCity(cidade_id: string, camera_id: string): Promise<boolean>;
  /** Every active city, for those who may see all. */
  cities(): Promise<readonly string[]>;
  clock: () => Date;
  ids: () => string;
  log: Log;
};
