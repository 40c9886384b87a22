/**
 * The pictures of one watched camera and who gets them. The current group of pictures is kept so that a viewer who joins sees
 * a picture at once. A slow viewer loses pictures up to the next key frame, nobody else does.
 */
import type { WebSocket } from "ws";
import type { LiveEndCause } from "#lib/wire/console.ts";
import {
  LIVE_HEADER_BYTES,
  LIVE_KIND,
  LiveInit,
  readLiveHeader,
  writeLiveHeader,
  type LiveHeader,
} from "#lib/wire/live.ts";
import { parseText, sendJson } from "./sockets.ts";

/** More than this waiting in a viewer's socket: it cannot follow, so it skips to the next key frame. */
const VIEWER_BACKLOG_BYTES = 1_500_000;
const GROUP_LIMIT_BYTES = 8 * 1024 * 1024;

type Message = { header: LiveHeader; payload: Buffer };
export type Viewer = { socket: WebSocket; channel: number };
export type Watching = Viewer & {
  /** Another gateway, which serves viewers of its own. */
  isPeer: boolean;
  waitsForKey: boolean;
  skipped: boolean;
};
export type Pictures = {
  init: { text: LiveInit; message: Message | null } | null;
  group: Message[];
  groupBytes: number;
  viewers: Set<Watching>;
};

export const noPictures = (): Pictures => ({ init: null, group: [], groupBytes: 0, viewers: new Set() });

export const watchingOf = (viewer: Viewer, isPeer: boolean): Watching => ({
  ...viewer,
  isPeer,
  waitsForKey: true,
  skipped: false,
});

export const sayEnd = (viewer: Viewer, cause: LiveEndCause): void =>
  sendJson(viewer.socket, { type: "live_end", channel: viewer.channel, cause });

export const onInit = (camera: Pictures, data: unknown): void => {
  const text = parseText(LiveInit, data);
  if (!text) return;
  camera.init = { text, message: null };
  clearGroup(camera);
  for (const viewer of camera.viewers) viewer.waitsForKey = true;
};

export const onMedia = (camera: Pictures, data: Buffer): void => {
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

/** What comes next does not join what came before. */
export const forgetPictures = (camera: Pictures): void => {
  camera.init = null;
  clearGroup(camera);
};

const clearGroup = (camera: Pictures): void => {
  camera.group = [];
  camera.groupBytes = 0;
};

const keep = (camera: Pictures, message: Message): void => {
  if (message.header.key) clearGroup(camera);
  // A group that does not begin with its key frame, or is too long to keep, helps nobody who joins.
  else if (camera.group.length === 0 || camera.groupBytes > GROUP_LIMIT_BYTES) return clearGroup(camera);
  camera.group.push(message);
  camera.groupBytes += message.payload.byteLength;
};

const sendInit = (camera: Pictures, viewer: Watching): void => {
  if (!camera.init?.message) return;
  sendJson(viewer.socket, { ...camera.init.text, channel: viewer.channel });
  sendMedia(viewer, camera.init.message, false);
  viewer.waitsForKey = true;
};

export const join = (camera: Pictures, viewer: Watching): void => {
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
