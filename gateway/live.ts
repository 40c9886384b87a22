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
import type { LiveSource, OfAgent, PeerLine } from "./peers.ts";
import { keepAlive } from "./sockets.ts";

const ASK_AGAIN_MS = 2000;
/** A tile that is closed and opened again (a change of page) does not cost the agent a new connection. */
const LINGER_MS = 5000;

/** `at`: the gateway that it is taken from. */
type Source = { socket: WebSocket; since_ms: number; at: string | null };
type Camera = Pictures & {
  of: OfAgent;
  source: Source | null;
  following: Promise<{ stop(): Promise<void> }> | null;
  timer: NodeJS.Timeout;
  linger: NodeJS.Timeout | null;
};
type Parts = {
  cameras: Map<string, Camera>;
  tellAgent: (agent_id: string, message: ToAgent) => Promise<boolean>;
  peerLine: PeerLine | null;
  clock: () => Date;
};

export type Live = {
  watch(camera: OfAgent, viewer: Viewer): () => void;
  /** The agent's socket for a camera; refused (closed) when nobody watches, here or elsewhere. */
  acceptSource(camera: OfAgent, socket: WebSocket): Promise<void>;
  /** Another gateway, which wants a camera whose pictures are here. */
  serve(camera: OfAgent, socket: WebSocket): void;
  watchedCameras(): number;
  close(): void;
};

export const createLive = (tellAgent: Parts["tellAgent"], peerLine: PeerLine | null, clock: () => Date): Live => {
  const cameras = new Map<string, Camera>();
  const parts: Parts = { cameras, tellAgent, peerLine, clock };
  return {
    watch(of, viewer) {
      const camera = cameras.get(keyOf(of)) ?? open(parts, of);
      const stop = add(parts, camera, viewer, false);
      void follow(parts, camera).then(() => ask(parts, camera));
      return stop;
    },
    acceptSource: (of, socket) => acceptSource(parts, of, socket),
    serve(of, socket) {
      const camera = cameras.get(keyOf(of));
      if (!camera?.source || camera.source.at !== null) return socket.close(1000, "not here");
      keepAlive(socket);
      socket.on("close", add(parts, camera, { socket, channel: 0 }, true));
    },
    watchedCameras: () => cameras.size,
    close: () => [...cameras.values()].forEach((camera) => drop(parts, camera)),
  };
};

const keyOf = ({ agent_id, camera_id }: OfAgent): string => `${agent_id}/${camera_id}`;

const open = (parts: Parts, { agent_id, camera_id }: OfAgent): Camera => {
  const of = { agent_id, camera_id };
  const timer = setInterval(() => ask(parts, camera), ASK_AGAIN_MS);
  const camera: Camera = { ...noPictures(), of, source: null, following: null, timer, linger: null };
  parts.cameras.set(keyOf(of), camera);
  return camera;
};

const drop = ({ cameras }: Parts, camera: Camera): void => {
  clearInterval(camera.timer);
  if (camera.linger) clearTimeout(camera.linger);
  camera.source?.socket.close(1000);
  void camera.following?.then((following) => following.stop());
  if (cameras.get(keyOf(camera.of)) === camera) cameras.delete(keyOf(camera.of));
};

const add = (parts: Parts, camera: Camera, viewer: Viewer, isPeer: boolean): (() => void) => {
  if (camera.linger) clearTimeout(camera.linger);
  camera.linger = null;
  const watching = watchingOf(viewer, isPeer);
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
const follow = async ({ peerLine }: Parts, camera: Camera): Promise<void> => {
  camera.following ??=
    peerLine?.follow(camera.of, {
      wanted: () => offer(peerLine, camera),
      source: (source) => takeFromPeer(peerLine, camera, source),
    }) ?? null;
  await camera.following;
};

const offer = (peerLine: PeerLine, { of, source }: Camera): void => {
  if (source?.at === null) void peerLine.offer(of, source.since_ms);
};

const ask = ({ tellAgent, peerLine }: Parts, camera: Camera): void => {
  if (camera.source || camera.viewers.size === 0) return;
  const { agent_id, camera_id } = camera.of;
  peerLine?.want(camera.of);
  void tellAgent(agent_id, { type: "open_live", camera_id }).then((told) => {
    if (!told && !camera.source) for (const viewer of camera.viewers) sayEnd(viewer, "agent_away");
  });
};

/** Of two sources the younger is right. */
const takeFromPeer = (peerLine: PeerLine, camera: Camera, { url, since_ms }: LiveSource): void => {
  const { source, viewers } = camera;
  if (viewers.size === 0) return;
  if (source && (source.at === url || source.since_ms > since_ms)) return;
  const socket = peerLine.dial(url, camera.of);
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

const acceptSource = async (parts: Parts, of: OfAgent, socket: WebSocket): Promise<void> => {
  const { cameras, peerLine, clock } = parts;
  const known = cameras.get(keyOf(of));
  const camera = known ?? open(parts, of);
  const since_ms = clock().getTime();
  keepAlive(socket);
  attach(camera, { socket, since_ms, at: null });
  const isWanted = await peerLine?.offer(of, since_ms);
  if (cameras.get(keyOf(of)) !== camera) return;
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
    if (viewer.isPeer) viewer.socket.close(1000);
    else sayEnd(viewer, "camera");
  }
};
