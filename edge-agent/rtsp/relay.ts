/**
 * What the recorders read: RTSP on loopback, one path per reader under a name that cannot be guessed and works once. FFmpeg
 * never sees a camera's address or password, and a camera cannot lead FFmpeg anywhere.
 */
import { randomBytes } from "node:crypto";
import { createServer, type AddressInfo, type Socket } from "node:net";
import type { CodedPicture } from "#lib/media/h264-pictures.ts";
import { rtspSplitter, type RtspMessage } from "#lib/media/rtsp.ts";
import { largePackets } from "./large-packets.ts";
import { writeSdp, type VideoDescription } from "./sdp.ts";

/** A reader that is stopped for long must not fill the memory: it is then let go, and a new one begins at a key frame. */
const BACKLOG_BYTES = 16 * 1024 * 1024;
/**
 * A recorder is in no hurry, and what it costs to hand something over is the same for one picture as for several. Key frames do not
 * wait: with them FFmpeg writes out the group before.
 */
const [TOGETHER, TOGETHER_BYTES] = [8, 128 * 1024];

export type RelayPath = {
  url: string;
  /** Resolves when a reader has asked to play. */
  playing: Promise<void>;
  /** `false`: the reader does not follow and was let go, or is gone. */
  send(picture: CodedPicture): boolean;
  /** Everything that was sent has left: what was held back to go together goes now. */
  idle(): boolean;
  /** For how long there has always been something that the reader did not take, ms. */
  stuckMs(): number;
  /** What was sent before still reaches the reader. */
  close(): void;
};
export type Relay = { path(video: VideoDescription): RelayPath; close(): Promise<void> };

type Path = {
  video: VideoDescription;
  taken: boolean;
  reader: Socket | null;
  /** When nothing waited for the reader, last (monotonic ms). */
  empty_at: number;
  packets: ReturnType<typeof largePackets>;
  held: CodedPicture[];
  held_bytes: number;
  play(): void;
};

export const openRelay = async (): Promise<Relay> => {
  const paths = new Map<string, Path>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    serveReader(socket, paths);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    path(video) {
      const name = randomBytes(16).toString("hex");
      const { promise: playing, resolve: play } = Promise.withResolvers<void>();
      const packets = largePackets(video.payload_type);
      const held = { held: [], held_bytes: 0 };
      const path: Path = { video, taken: false, reader: null, empty_at: performance.now(), packets, play, ...held };
      paths.set(name, path);
      return {
        url: `rtsp://127.0.0.1:${port}/${name}`,
        playing,
        send: (picture) => sendPicture(path, picture),
        idle() {
          sendHeld(path);
          return (path.reader?.writableLength ?? 0) === 0;
        },
        stuckMs: () => stuckMs(path),
        close() {
          paths.delete(name);
          sendHeld(path);
          path.reader?.end();
        },
      };
    },
    close() {
      paths.clear();
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
};

const stuckMs = ({ reader, empty_at }: Path): number => {
  if (reader === null || reader.writableLength === 0) return 0;
  // Let go, and still there: it does not even notice.
  return reader.destroyed ? Number.POSITIVE_INFINITY : performance.now() - empty_at;
};

const sendPicture = (path: Path, picture: CodedPicture): boolean => {
  const socket = path.reader;
  if (!socket || socket.destroyed || socket.writableEnded) return false;
  if (socket.writableLength === 0) path.empty_at = performance.now();
  if (socket.writableLength > BACKLOG_BYTES) {
    socket.resetAndDestroy();
    return false;
  }
  path.held.push(picture);
  path.held_bytes += picture.avcc.length;
  if (picture.key || path.held.length >= TOGETHER || path.held_bytes > TOGETHER_BYTES) sendHeld(path);
  return true;
};

/** As one write. */
const sendHeld = (path: Path): void => {
  const { reader, held, packets } = path;
  if (held.length === 0) return;
  if (reader?.writable) {
    reader.cork();
    for (const picture of held) packets(picture, (bytes) => reader.write(bytes));
    reader.uncork();
  }
  path.held = [];
  path.held_bytes = 0;
};

const serveReader = (socket: Socket, paths: Map<string, Path>): void => {
  socket.setNoDelay(true);
  let path: Path | null = null;
  const answer = (request: RtspMessage, status: string, headers: Record<string, string> = {}, body = ""): void => {
    const lines = Object.entries({
      CSeq: request.headers.get("cseq") ?? "0",
      ...headers,
      ...(body === "" ? {} : { "Content-Length": String(Buffer.byteLength(body)) }),
    }).map(([name, value]) => `${name}: ${value}`);
    socket.write(`${[`RTSP/1.0 ${status}`, ...lines].join("\r\n")}\r\n\r\n${body}`);
  };
  const splitter = rtspSplitter({
    message(request) {
      const [method = "", uri = ""] = request.start.split(" ");
      if (method === "OPTIONS")
        return answer(request, "200 OK", { Public: "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN" });
      path ??= takePath(paths, uri);
      if (!path) return answer(request, "404 Not Found");
      if (method === "DESCRIBE") {
        return answer(request, "200 OK", { "Content-Type": "application/sdp" }, writeSdp(path.video));
      }
      const session = { Session: "1" };
      if (method === "SETUP") {
        const tcp = /interleaved=0-1/.test(request.headers.get("transport") ?? "");
        if (!tcp) return answer(request, "461 Unsupported Transport");
        return answer(request, "200 OK", { ...session, Transport: "RTP/AVP/TCP;unicast;interleaved=0-1" });
      }
      answer(request, "200 OK", session);
      if (method === "TEARDOWN") return void socket.end();
      if (method !== "PLAY") return;
      path.reader = socket;
      path.play();
    },
    frame: () => undefined,
  });
  socket.on("data", (chunk: Buffer) => {
    try {
      splitter.push(chunk);
    } catch {
      socket.destroy();
    }
  });
  socket.on("error", () => socket.destroy());
};

/** The first to ask for it has it; to anybody after that it does not exist. */
const takePath = (paths: Map<string, Path>, uri: string): Path | null => {
  const name = /^rtsp:\/\/[^/]+\/([0-9a-f]{32})/.exec(uri)?.[1] ?? "";
  const path = paths.get(name);
  if (!path || path.taken) return null;
  path.taken = true;
  return path;
};
