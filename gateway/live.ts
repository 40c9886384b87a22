/**
 * Live video: one socket from the agent per watched camera, wherever it arrived, and any number of viewers. A gateway whose
 * viewers want what another one has got is that one's viewer.
 */
import type { WebSocket } from "ws";
import type { ToAgent } from "#lib/wire/agent.ts";
import {
  forgetPictures,
  join,
  noPictures,
  onInit,
  onMedia,
  sayEnd,
  watchingOf,
  type Pictures,
  type Viewer,
} from "./live-pictures.ts";
import type { LiveSource, Relays } from "./relays.ts";
import { keepAlive } from "./sockets.ts";

const ASK_AGAIN_MS = 2000;
/** A tile that is closed and opened again (a change of page) does not cost the agent a new connection. */
const LINGER_MS = 5000;

/** `at`: the gateway that it is relayed from. */
type Source = { socket: WebSocket; since_ms: number; at: string | null };
type Camera = Pictures & {
  camera_id: string;
  agent_id: string;
  source: Source | null;
  following: Promise<{ stop(): Promise<void> }> | null;
  timer: NodeJS.Timeout;
  linger: NodeJS.Timeout | null;
};
type Parts = {
  cameras: Map<string, Camera>;
  tellAgent: (agent_id: string, message: ToAgent) => Promise<boolean>;
  relays: Relays | null;
  clock: () => Date;
};

export type Live = {
  watch(camera: { camera_id: string; agent_id: string }, viewer: Viewer): () => void;
  /** The agent's socket for a camera; refused (closed) when nobody watches, here or elsewhere. */
  acceptSource(camera_id: string, agent_id: string, socket: WebSocket): Promise<void>;
  /** Another gateway, which wants a camera whose pictures are here. */
  serve(camera_id: string, socket: WebSocket): void;
  watchedCameras(): number;
  close(): void;
};

export const createLive = (tellAgent: Parts["tellAgent"], relays: Relays | null, clock: () => Date): Live => {
  const cameras = new Map<string, Camera>();
  const parts: Parts = { cameras, tellAgent, relays, clock };
  return {
    watch({ camera_id, agent_id }, viewer) {
      const camera = cameras.get(camera_id) ?? open(parts, camera_id, agent_id);
      // It is another agent's now: pictures of the one before are none of it.
      if (camera.agent_id !== agent_id) camera.source?.socket.terminate();
      camera.agent_id = agent_id;
      const stop = add(parts, camera, viewer, false);
      void follow(parts, camera).then(() => ask(parts, camera));
      return stop;
    },
    acceptSource: (camera_id, agent_id, socket) => acceptSource(parts, camera_id, agent_id, socket),
    serve(camera_id, socket) {
      const camera = cameras.get(camera_id);
      if (!camera?.source || camera.source.at !== null) return socket.close(1000, "not here");
      keepAlive(socket);
      socket.on("close", add(parts, camera, { socket, channel: 0 }, true));
    },
    watchedCameras: () => cameras.size,
    close: () => [...cameras.values()].forEach((camera) => drop(parts, camera)),
  };
};

const open = (parts: Parts, camera_id: string, agent_id: string): Camera => {
  const timer = setInterval(() => ask(parts, camera), ASK_AGAIN_MS);
  const camera: Camera = {
    ...noPictures(),
    camera_id,
    agent_id,
    source: null,
    following: null,
    timer,
    linger: null,
  };
  parts.cameras.set(camera_id, camera);
  return camera;
};

const drop = ({ cameras }: Parts, camera: Camera): void => {
  clearInterval(camera.timer);
  if (camera.linger) clearTimeout(camera.linger);
  camera.source?.socket.close(1000);
  void camera.following?.then((following) => following.stop());
  if (cameras.get(camera.camera_id) === camera) cameras.delete(camera.camera_id);
};

const add = (parts: Parts, camera: Camera, viewer: Viewer, relay: boolean): (() => void) => {
  if (camera.linger) clearTimeout(camera.linger);
  camera.linger = null;
  const watching = watchingOf(viewer, relay);
  camera.viewers.add(watching);
  join(camera, watching);
  return () => {
    camera.viewers.delete(watching);
    linger(parts, camera);
  };
};

const linger = (parts: Parts, camera: Camera): void => {
  if (camera.viewers.size === 0) camera.linger ??= setTimeout(() => drop(parts, camera), LINGER_MS);
};

/** What other gateways say of it is heard for as long as it is known here. */
const follow = async ({ relays }: Parts, camera: Camera): Promise<void> => {
  camera.following ??=
    relays?.follow(camera.camera_id, {
      wanted: () => offer(relays, camera),
      source: (source) => relay(relays, camera, source),
    }) ?? null;
  await camera.following;
};

const offer = (relays: Relays | null, { camera_id, agent_id, source }: Camera): void => {
  if (source?.at === null) void relays?.offer(camera_id, { agent_id, since_ms: source.since_ms });
};

const ask = ({ tellAgent, relays }: Parts, camera: Camera): void => {
  if (camera.source || camera.viewers.size === 0) return;
  relays?.want(camera.camera_id);
  void tellAgent(camera.agent_id, { type: "open_live", camera_id: camera.camera_id }).then((told) => {
    if (!told && !camera.source) for (const viewer of camera.viewers) sayEnd(viewer, "agent_away");
  });
};

/** Of two sources the younger is right. */
const relay = (relays: Relays, camera: Camera, { url, agent_id, since_ms }: LiveSource): void => {
  const { source, viewers } = camera;
  if (agent_id !== camera.agent_id || viewers.size === 0) return;
  if (source && (source.at === url || source.since_ms > since_ms)) return;
  const socket = relays.dial(url, camera.camera_id);
  socket.on("error", () => undefined);
  socket.on("open", () => keepAlive(socket));
  attach(camera, { socket, since_ms, at: url });
};

const attach = (camera: Camera, source: Source): void => {
  const before = camera.source;
  camera.source = source;
  before?.socket.terminate();
  forgetPictures(camera);
  const { socket } = source;
  socket.on("message", (data, isBinary) => {
    if (camera.source !== source) return;
    if (isBinary) onMedia(camera, data as Buffer);
    else onInit(camera, data);
  });
  socket.on("close", () => onSourceClosed(camera, source));
};

const acceptSource = async (parts: Parts, camera_id: string, agent_id: string, socket: WebSocket): Promise<void> => {
  const { cameras, relays, clock } = parts;
  const known = cameras.get(camera_id);
  if (known && known.agent_id !== agent_id) return socket.close(1000, "nobody watches");
  const camera = known ?? open(parts, camera_id, agent_id);
  const since_ms = clock().getTime();
  keepAlive(socket);
  attach(camera, { socket, since_ms, at: null });
  const isWanted = await relays?.offer(camera_id, { agent_id, since_ms });
  if (cameras.get(camera_id) !== camera) return;
  if (camera.viewers.size === 0 && !known && !isWanted) return drop(parts, camera);
  await follow(parts, camera);
  // Whoever wants it dials within this time.
  linger(parts, camera);
};

const onSourceClosed = (camera: Camera, source: Source): void => {
  if (camera.source !== source) return;
  camera.source = null;
  forgetPictures(camera);
  for (const viewer of camera.viewers) {
    // Another gateway asks for itself where it is now.
    if (viewer.relay) viewer.socket.close(1000);
    else sayEnd(viewer, "camera");
  }
};
