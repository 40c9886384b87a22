/** The consoles' sockets: what changed in their cities, the states of cameras, the clock, and live video on channels. */
import type { WebSocket } from "ws";
import type { Permission } from "#lib/function/permissions.ts";
import type { CameraState } from "#lib/wire/agent.ts";
import { FromConsole, Notification, notificationChannel } from "#lib/wire/console.ts";
import type { Live } from "./live.ts";
import type { RemoteStates } from "./remote-states.ts";
import type { ConsoleSession, GatewayNeeds } from "./needs.ts";
import { keepAlive, parseText, sendJson } from "./sockets.ts";

const RENEW_MS = 30_000;
export const SESSION_ENDED = 4401;
const CHANNELS_PER_SOCKET = 64;

/** Who may hear of what. */
const permissionFor: Record<Notification["event"], Permission> = {
  "alert.triggered": "alerts.view",
  "alert.acknowledged": "alerts.view",
  "lpr.detected": "plates.view",
  "lpr.corrected": "plates.view",
  "clip.ready": "recordings.view",
  "clip.failed": "recordings.view",
  "recording.started": "cameras.view",
  "recording.stopped": "cameras.view",
  "camera.changed": "cameras.view",
  "camera.probed": "cameras.manage",
};

type Subscriptions = Map<string, { stop(): Promise<void> }>;
type Console = {
  socket: WebSocket;
  session: ConsoleSession;
  channels: Map<number, () => void>;
  subscriptions: Subscriptions;
  asking: NodeJS.Immediate | null;
};

export type Consoles = {
  accept(socket: WebSocket, session: ConsoleSession): Promise<void>;
  sayStates(cidade_id: string, cameras: CameraState[]): void;
  connected(): number;
  close(): void;
};

export const createConsoles = (
  needs: GatewayNeeds,
  live: Live,
  remote: Pick<RemoteStates, "follow">,
  currentStates: () => { cidade_id: string; cameras: CameraState[] }[],
): Consoles => {
  const consoles = new Set<Console>();

  const sayStatesTo = (entry: Console, cidade_id: string, cameras: CameraState[]): void => {
    if (entry.session.may("cameras.view", cidade_id))
      sendJson(entry.socket, { type: "camera_states", cidade_id, cameras });
  };

  const renew = async (entry: Console): Promise<void> => {
    const session = await needs.renewSession(entry.session.session_id);
    if (!session) return entry.socket.close(SESSION_ENDED, "session ended");
    entry.session = session;
    await subscribeToCities(needs, remote, entry);
  };

  const leave = (entry: Console, timer: NodeJS.Timeout): void => {
    clearInterval(timer);
    consoles.delete(entry);
    for (const stop of entry.channels.values()) stop();
    for (const subscription of entry.subscriptions.values()) void subscription.stop();
  };

  return {
    async accept(socket, session) {
      const entry: Console = { socket, session, channels: new Map(), subscriptions: new Map(), asking: null };
      const timer = setInterval(() => {
        // A database that is away is no reason to send people home; the next round asks again.
        renew(entry).catch((error: unknown) => needs.log.warn("session not renewed", { error: String(error) }));
      }, RENEW_MS);
      socket.on("close", () => leave(entry, timer));
      socket.on("message", (data, isBinary) => {
        if (!isBinary) onMessage(needs, live, entry, data);
      });
      keepAlive(socket);
      consoles.add(entry);
      await subscribeToCities(needs, remote, entry);
      sendJson(socket, { type: "welcome", server_time_ms: needs.clock().getTime(), cities: session.cities });
      for (const { cidade_id, cameras } of currentStates()) sayStatesTo(entry, cidade_id, cameras);
    },
    sayStates: (cidade_id, cameras) => consoles.forEach((entry) => sayStatesTo(entry, cidade_id, cameras)),
    connected: () => consoles.size,
    close: () => consoles.forEach(({ socket }) => socket.close(1001, "server stops")),
  };
};

const subscribeToCities = async (
  needs: GatewayNeeds,
  remote: Pick<RemoteStates, "follow">,
  entry: Console,
): Promise<void> => {
  const wanted = new Set(entry.session.cities === "all" ? await needs.cities() : entry.session.cities);
  for (const [cidade_id, subscription] of entry.subscriptions) {
    if (wanted.has(cidade_id)) continue;
    entry.subscriptions.delete(cidade_id);
    await subscription.stop();
  }
  for (const cidade_id of wanted) {
    if (entry.subscriptions.has(cidade_id)) continue;
    const notified = await needs.cache.subscribe(notificationChannel(cidade_id), (text) => passOn(entry, text));
    const followed = await remote.follow(cidade_id);
    const subscription = { stop: async () => void (await Promise.all([notified.stop(), followed.stop()])) };
    if (entry.socket.readyState === entry.socket.OPEN) entry.subscriptions.set(cidade_id, subscription);
    else await subscription.stop();
  }
};

const passOn = (entry: Console, text: string | null): void => {
  if (text === null) return askAgain(entry);
  const message = parseText(Notification, text);
  if (message && entry.session.may(permissionFor[message.event], message.cidade_id)) sendJson(entry.socket, message);
};

/** All its cities miss at once: it is told once. */
const askAgain = (entry: Console): void => {
  if (entry.asking) return;
  entry.asking = setImmediate(() => {
    entry.asking = null;
    sendJson(entry.socket, { type: "ask_again" });
  });
};

const onMessage = (needs: GatewayNeeds, live: Live, entry: Console, data: unknown): void => {
  const message = parseText(FromConsole, data);
  if (!message) return;
  if (message.type === "clock") {
    return sendJson(entry.socket, { type: "clock", sent_at: message.sent_at, server_time_ms: needs.clock().getTime() });
  }
  if (message.type === "live_close") {
    entry.channels.get(message.channel)?.();
    entry.channels.delete(message.channel);
    return;
  }
  void openChannel(needs, live, entry, message.channel, message.token);
};

const openChannel = async (
  needs: GatewayNeeds,
  live: Live,
  entry: Console,
  channel: number,
  token: string,
): Promise<void> => {
  const grant = await needs.liveGrantOf(token).catch(() => null);
  // A token is bound to the session it was given to: it is worth nothing on another's socket.
  const refused =
    !grant || grant.session_id !== entry.session.session_id || !entry.session.may("live.view", grant.cidade_id);
  if (refused || entry.channels.size >= CHANNELS_PER_SOCKET) {
    return sendJson(entry.socket, { type: "live_end", channel, cause: "token" });
  }
  if (entry.socket.readyState !== entry.socket.OPEN) return;
  entry.channels.get(channel)?.();
  entry.channels.set(channel, live.watch(grant, { socket: entry.socket, channel }));
};
