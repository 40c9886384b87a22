/** Holds the console's one socket and feeds the players. Knows no page, so that it can live in a worker. */
import { ToConsole } from "#lib/wire/console.ts";
import { LIVE_HEADER_BYTES, LIVE_KIND, LIVE_TIMESCALE, readLiveHeader } from "#lib/wire/live.ts";
import { createFeeder, type Feeder } from "./feeder.ts";
import { readFragmentTime } from "./fragments.ts";
import type { PostToPage, ToMediaHost } from "./media-messages.ts";

type Channel = { mime: string; feeder: Feeder | null };
export type MediaHost = { receive(message: ToMediaHost): void };

/** In a worker a MediaSource is shown through its handle; in the page it is shown itself. */
export type Show = (source: MediaSource) => {
  source: MediaSource | MediaSourceHandle;
  transfer: Transferable[];
};

export const createMediaHost = (post: PostToPage, show: Show): MediaHost => {
  const channels = new Map<number, Channel>();
  let socket: WebSocket | null = null;

  const forget = (channel: number): void => {
    channels.get(channel)?.feeder?.close();
    channels.delete(channel);
  };
  const disconnect = (): void => {
    const old = socket;
    socket = null;
    old?.close();
    for (const channel of channels.keys()) forget(channel);
  };
  const connect = (url: string): void => {
    disconnect();
    const opening = new WebSocket(url);
    opening.binaryType = "arraybuffer";
    socket = opening;
    const isCurrent = (): boolean => socket === opening;
    opening.addEventListener("open", () => isCurrent() && post({ type: "opened" }));
    opening.addEventListener("close", ({ code }) => {
      if (!isCurrent()) return;
      disconnect();
      post({ type: "closed", code });
    });
    opening.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (!isCurrent()) return;
      if (typeof data === "string") onText(channels, post, data);
      else onMedia(channels, post, show, new Uint8Array(data));
    });
  };

  return {
    receive(message) {
      if (message.type === "connect") connect(message.url);
      else if (message.type === "disconnect") disconnect();
      else if (message.type === "forget") forget(message.channel);
      else if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message.message));
    },
  };
};

const onText = (channels: Map<number, Channel>, post: PostToPage, text: string): void => {
  const parsed = ToConsole.safeParse(parseJson(text));
  // A server newer than this page may say what it does not know yet.
  if (!parsed.success) return;
  const message = parsed.data;
  if (message.type === "live_init") {
    channels.get(message.channel)?.feeder?.close();
    channels.set(message.channel, { mime: message.mime, feeder: null });
  }
  post({ type: "said", message });
};

const onMedia = (
  channels: Map<number, Channel>,
  post: PostToPage,
  show: Show,
  message: Uint8Array<ArrayBuffer>,
): void => {
  const header = readLiveHeader(message);
  const channel = header && channels.get(header.channel);
  if (!header || !channel) return;
  const bytes = message.subarray(LIVE_HEADER_BYTES);
  if (header.kind === LIVE_KIND.init) {
    channel.feeder?.close();
    channel.feeder = begin(header.channel, channel.mime, bytes, post, show);
    return;
  }
  const time = readFragmentTime(bytes);
  if (!time || !channel.feeder) return;
  const media_seconds = (time.decode_time + time.composition_offset) / LIVE_TIMESCALE;
  post({ type: "frame", channel: header.channel, media_seconds, captured_at_ms: header.captured_at_ms });
  channel.feeder.push({ bytes, key: header.key });
};

const begin = (
  channel: number,
  mime: string,
  init: Uint8Array<ArrayBuffer>,
  post: PostToPage,
  show: Show,
): Feeder | null => {
  if (!MediaSource.isTypeSupported(mime)) {
    post({ type: "fault", channel, fault: "undecodable" });
    return null;
  }
  const source = new MediaSource();
  const onFault = (): void => post({ type: "fault", channel, fault: "player" });
  const feeder = createFeeder({ source, mime, init, onFault });
  const shown = show(source);
  post({ type: "source", channel, source: shown.source }, shown.transfer);
  return feeder;
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};
