/**
 * Live video: one socket from the agent per watched camera, any number of viewers. The current group of pictures is kept so
 * that a viewer who joins sees a picture at once. A slow viewer loses pictures up to the next key frame, nobody else does.
 */
import type { WebSocket } from "ws";
import {
  LIVE_HEADER_BYTES,
  LIVE_KIND,
  LiveInit,
  readLiveHeader,
  writeLiveHeader,
  type LiveHeader,
} from "#lib/wire/live.ts";
import type { ToAgent } from "#lib/wire/agent.ts";
import type { LiveEndCause } from "#lib/wire/console.ts";
import { keepAlive, parseText, sendJson } from "./sockets.ts";

/** More than this waiting in a viewer's socket: it cannot follow, so it skips to the next key frame. */
const VIEWER_BACKLOG_BYTES = 1_500_000;
const GROUP_LIMIT_BYTES = 8 * 1024 * 1024;
const ASK_AGAIN_MS = 2000;
/** A tile that is closed and opened again (a change of page) does not cost the agent a new connection. */
const LINGER_MS = 5000;

type Message = { header: LiveHeader; payload: Buffer };
export type Viewer = { socket: WebSocket; channel: number };
type Watching = Viewer & { waitsForKey: boolean; skipped: boolean };
type Camera = {
  camera_id: string;
  agent_id: string;
  source: WebSocket | null;
  init: { text: LiveInit; message: Message | null } | null;
  group: Message[];
  groupBytes: number;
  viewers: Set<Watching>;
  timer: NodeJS.Timeout | null;
  linger: NodeJS.Timeout | null;
};

export type Live = {
  watch(camera: { camera_id: string; agent_id: string }, viewer: Viewer): () => void;
  /** The agent's socket for a camera; refused (closed) when nobody watches. */
  acceptSource(camera_id: string, agent_id: string, socket: WebSocket): void;
  watchedCameras(): number;
  close(): void;
};

export const createLive = (tellAgent: (agent_id: string, message: ToAgent) => boolean): Live => {
  const cameras = new Map<string, Camera>();

  const drop = (camera: Camera): void => {
    if (camera.timer) clearInterval(camera.timer);
    if (camera.linger) clearTimeout(camera.linger);
    camera.source?.close(1000);
    cameras.delete(camera.camera_id);
  };

  const ask = (camera: Camera): void => {
    if (camera.source) return;
    const told = tellAgent(camera.agent_id, { type: "open_live", camera_id: camera.camera_id });
    if (!told) for (const viewer of camera.viewers) sayEnd(viewer, "agent_away");
  };

  const open = (camera_id: string, agent_id: string): Camera => {
    const camera: Camera = {
      camera_id,
      agent_id,
      source: null,
      init: null,
      group: [],
      groupBytes: 0,
      viewers: new Set(),
      timer: null,
      linger: null,
    };
    cameras.set(camera_id, camera);
    camera.timer = setInterval(() => ask(camera), ASK_AGAIN_MS);
    return camera;
  };

  return {
    watch({ camera_id, agent_id }, viewer) {
      const camera = cameras.get(camera_id) ?? open(camera_id, agent_id);
      camera.agent_id = agent_id;
      if (camera.linger) clearTimeout(camera.linger);
      camera.linger = null;
      const watching: Watching = { ...viewer, waitsForKey: true, skipped: false };
      camera.viewers.add(watching);
      join(camera, watching);
      ask(camera);
      return () => {
        camera.viewers.delete(watching);
        if (camera.viewers.size === 0 && !camera.linger) camera.linger = setTimeout(() => drop(camera), LINGER_MS);
      };
    },
    acceptSource(camera_id, agent_id, socket) {
      const camera = cameras.get(camera_id);
      if (!camera || camera.agent_id !== agent_id) return socket.close(1000, "nobody watches");
      camera.source?.terminate();
      camera.source = socket;
      camera.init = null;
      clearGroup(camera);
      keepAlive(socket);
      socket.on("message", (data, isBinary) => (isBinary ? onMedia(camera, data as Buffer) : onInit(camera, data)));
      socket.on("close", () => onSourceClosed(camera, socket));
    },
    watchedCameras: () => cameras.size,
    close: () => [...cameras.values()].forEach(drop),
  };
};

const sayEnd = (viewer: Viewer, cause: LiveEndCause): void =>
  sendJson(viewer.socket, { type: "live_end", channel: viewer.channel, cause });

const onSourceClosed = (camera: Camera, socket: WebSocket): void => {
  if (camera.source !== socket) return;
  camera.source = null;
  camera.init = null;
  clearGroup(camera);
  for (const viewer of camera.viewers) sayEnd(viewer, "camera");
};

const onInit = (camera: Camera, data: unknown): void => {
  const text = parseText(LiveInit, data);
  if (!text) return;
  camera.init = { text, message: null };
  clearGroup(camera);
  for (const viewer of camera.viewers) viewer.waitsForKey = true;
};

const onMedia = (camera: Camera, data: Buffer): void => {
  const header = readLiveHeader(data);
  if (!header || !camera.init) return;
  const message: Message = { header, payload: data.subarray(LIVE_HEADER_BYTES) };
  if (header.kind === LIVE_KIND.init) {
    camera.init.message = message;
    for (const viewer of camera.viewers) sendInit(camera, viewer);
    return;
  }
  keep(camera, message);
  for (const viewer of camera.viewers) forward(viewer, message);
};

const clearGroup = (camera: Camera): void => {
  camera.group = [];
  camera.groupBytes = 0;
};

const keep = (camera: Camera, message: Message): void => {
  if (message.header.key) clearGroup(camera);
  // A group that does not begin with its key frame, or is too long to keep, helps nobody who joins.
  else if (camera.group.length === 0 || camera.groupBytes > GROUP_LIMIT_BYTES) return clearGroup(camera);
  camera.group.push(message);
  camera.groupBytes += message.payload.byteLength;
};

const sendInit = (camera: Camera, viewer: Watching): void => {
  if (!camera.init?.message) return;
  sendJson(viewer.socket, { ...camera.init.text, channel: viewer.channel });
  sendMedia(viewer, camera.init.message, false);
  viewer.waitsForKey = true;
};

const join = (camera: Camera, viewer: Watching): void => {
  sendInit(camera, viewer);
  for (const message of camera.group) forward(viewer, message);
};

const forward = (viewer: Watching, message: Message): void => {
  if (viewer.socket.bufferedAmount > VIEWER_BACKLOG_BYTES) {
    viewer.waitsForKey = true;
    viewer.skipped = true;
    return;
  }
  if (viewer.waitsForKey && !message.header.key) return;
  sendMedia(viewer, message, viewer.skipped);
  viewer.waitsForKey = false;
  viewer.skipped = false;
};

/** Header and payload as two fragments of one message: the payload is shared by all viewers and never copied. */
const sendMedia = (viewer: Viewer, message: Message, skipped: boolean): void => {
  if (viewer.socket.readyState !== viewer.socket.OPEN) return;
  const discontinuity = message.header.discontinuity || skipped;
  viewer.socket.send(writeLiveHeader({ ...message.header, discontinuity, channel: viewer.channel }), {
    binary: true,
    fin: false,
  });
  viewer.socket.send(message.payload, { binary: true, fin: true });
};
