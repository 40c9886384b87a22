/** The other end of a WebSocket: it keeps what arrives, so that nothing is missed between two waits. */
import { once } from "node:events";
import { WebSocket } from "ws";
import { LIVE_KIND, readLiveHeader, writeLiveHeader } from "#lib/wire/live.ts";

export type Said = Record<string, unknown> & { type: string };
export type SocketPeer = {
  socket: WebSocket;
  texts: Said[];
  media: Buffer[];
  closed: Promise<number>;
  say(message: unknown): void;
  /** The first of this type, and where `fits` is given that fits; what came before it stays. */
  text(type: string, fits?: (message: Said) => boolean): Promise<Said>;
  binary(count: number): Promise<Buffer[]>;
};

const PATIENCE_MS = 20_000;

export const dialSocket = async (url: string, headers: Record<string, string>): Promise<SocketPeer> => {
  const socket = new WebSocket(url, { headers });
  const texts: Said[] = [];
  const media: Buffer[] = [];
  socket.on("message", (data, isBinary) => {
    if (isBinary) media.push(data as Buffer);
    else texts.push(JSON.parse((data as Buffer).toString()) as Said);
  });
  const closed = new Promise<number>((resolve) => socket.on("close", resolve));
  await once(socket, "open");
  socket.on("error", () => undefined);
  return {
    socket,
    texts,
    media,
    closed,
    say: (message) => socket.send(message instanceof Uint8Array ? message : JSON.stringify(message)),
    text: (type, fits = () => true) =>
      soon(`a ${type}`, () => {
        const index = texts.findIndex((message) => message.type === type && fits(message));
        return index < 0 ? undefined : texts.splice(index, 1)[0];
      }),
    binary: (count) =>
      soon(`${count} media messages`, () => (media.length >= count ? media.splice(0, count) : undefined)),
  };
};

/** Looks again with each turn of the event loop. */
export const soon = async <T>(what: string, look: () => T | undefined): Promise<T> => {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline;) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`waited in vain for ${what}`);
};

/** The status with which a socket is refused. */
export const refusalOf = async (url: string, headers: Record<string, string>): Promise<number> => {
  const socket = new WebSocket(url, { headers });
  socket.on("error", () => {});
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, { statusCode: number }];
  return response.statusCode;
};

export const liveInit = {
  type: "live_init",
  channel: 0,
  mime: 'video/mp4; codecs="avc1.64001f"',
  width: 640,
  height: 360,
};
const headerOf = (kind: 1 | 2, key: boolean, sequence: number, captured_at_ms: number): Uint8Array =>
  writeLiveHeader({ kind, key, discontinuity: false, channel: 0, sequence, captured_at_ms });
export const initMedia = Buffer.concat([headerOf(LIVE_KIND.init, false, 0, 0), Buffer.from("init")]);
export const liveMedia = (sequence: number, key: boolean, bytes = 100): Buffer =>
  Buffer.concat([headerOf(LIVE_KIND.fragment, key, sequence, 1000 + sequence), Buffer.alloc(bytes, sequence)]);
export const sequencesOf = (messages: readonly Buffer[]): number[] =>
  messages.map((message) => readLiveHeader(message)?.sequence ?? -1);
