/** A simulated RTSP camera: TCP interleaved, Basic or Digest, any number of viewers, and every fault of `faults.ts`. */
import { randomBytes } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { authParts, digestResponse, rtspSplitter, type Credentials, type RtspMessage } from "#lib/media/rtsp.ts";
import type { Fault } from "./faults.ts";
import { startSending, type Sending, type Sent } from "./sending.ts";
import type { Video } from "./video.ts";

export type CameraOptions = {
  video: Video;
  /** 0: any free one. */
  port: number;
  credentials?: Credentials;
  /** Default digest. */
  scheme?: "basic" | "digest";
};

export type SimulatedCamera = {
  port: number;
  /** Without credentials. */
  url: string;
  setFault(fault: Fault): Promise<void>;
  fault(): Fault;
  sent(frame: number): Sent[];
  onPicture(heard: (sent: Sent) => void): void;
  viewers(): number;
  close(): Promise<void>;
};

const REALM = "camera";
const LONGEST_BACKLOG = 8 * 1024 * 1024;

export const simulateCamera = async (options: CameraOptions): Promise<SimulatedCamera> => {
  const sending = startSending(options.video);
  const sockets = new Set<Socket>();
  const state = { fault: "none" as Fault, viewers: 0 };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    serveViewer(socket, options, sending, state);
  });
  const port = await listen(server, options.port).catch((error: unknown) => {
    sending.stop();
    throw error;
  });
  const cutAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port,
    url: `rtsp://127.0.0.1:${port}/stream`,
    fault: () => state.fault,
    viewers: () => state.viewers,
    sent: sending.sent,
    onPicture: sending.onPicture,
    async setFault(fault) {
      const before = state.fault;
      // A cut happens and is over; the others last.
      state.fault = fault === "cut" ? "none" : fault;
      sending.setFault(state.fault);
      if (cutting.has(fault)) cutAll();
      if (fault === "refuse") await closeServer(server);
      else if (before === "refuse") await listen(server, port);
    },
    async close() {
      sending.stop();
      cutAll();
      if (server.listening) await closeServer(server);
    },
  };
};

/** These show at the next connection, so that one must come. */
const cutting = new Set<Fault>([
  "cut",
  "refuse",
  "wrong_password",
  "garbage",
  "silent",
  "no_video",
  "other_codec",
  "redirect",
]);

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : port);
    });
  });
const closeServer = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

type Viewed = { fault: Fault; viewers: number };

const serveViewer = (socket: Socket, options: CameraOptions, sending: Sending, state: Viewed): void => {
  const nonce = randomBytes(8).toString("hex");
  let stop: (() => void) | null = null;
  const leave = (): void => {
    if (stop) state.viewers -= 1;
    stop?.();
    stop = null;
  };
  const play = (): void => {
    if (stop) return;
    state.viewers += 1;
    stop = sending.listen(({ bytes }) => {
      // A viewer that does not read loses pictures, not our memory.
      if (socket.writableLength > LONGEST_BACKLOG) return false;
      socket.write(bytes);
      return true;
    });
  };
  const onRequest = (request: RtspMessage): void => {
    const method = request.start.split(" ", 1)[0] ?? "";
    if (state.fault === "silent") return;
    if (state.fault === "garbage") return void socket.write(randomBytes(512));
    if (state.fault === "redirect")
      return reply(socket, request, "302 Found", { Location: "rtsp://198.51.100.7/stream" });
    if (method !== "OPTIONS" && !isAllowed(request, options, state.fault, nonce)) {
      return reply(socket, request, "401 Unauthorized", { "WWW-Authenticate": challenge(options, nonce) });
    }
    answer(socket, request, method, options, state.fault);
    if (method === "PLAY") play();
    if (method === "TEARDOWN") socket.end();
  };
  const splitter = rtspSplitter({ message: onRequest, frame: () => undefined });
  socket.setNoDelay(true);
  socket.on("close", leave);
  socket.on("data", (chunk: Buffer) => {
    try {
      splitter.push(chunk);
    } catch {
      socket.destroy();
    }
  });
};

const answer = (socket: Socket, request: RtspMessage, method: string, options: CameraOptions, fault: Fault): void => {
  const session = { Session: "12345678;timeout=60" };
  switch (method) {
    case "OPTIONS":
      return reply(socket, request, "200 OK", {
        Public: "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN",
      });
    case "DESCRIBE":
      return reply(socket, request, "200 OK", { "Content-Type": "application/sdp" }, describe(options.video, fault));
    case "SETUP": {
      const tcp = /interleaved=0-1/.test(request.headers.get("transport") ?? "");
      if (!tcp) return reply(socket, request, "461 Unsupported Transport", {});
      return reply(socket, request, "200 OK", { ...session, Transport: "RTP/AVP/TCP;unicast;interleaved=0-1" });
    }
    case "PLAY":
    case "GET_PARAMETER":
    case "TEARDOWN":
      return reply(socket, request, "200 OK", session);
    default:
      return reply(socket, request, "501 Not Implemented", {});
  }
};

const describe = ({ parameter_sets }: Video, fault: Fault): string => {
  const head = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=simulated camera", "c=IN IP4 127.0.0.1", "t=0 0"];
  const sets = parameter_sets.map((set) => Buffer.from(set).toString("base64")).join(",");
  const video = [
    "m=video 0 RTP/AVP 96",
    "a=rtpmap:96 H264/90000",
    `a=fmtp:96 packetization-mode=1;sprop-parameter-sets=${sets}`,
    "a=control:trackID=0",
  ];
  const sections: Partial<Record<Fault, string[]>> = {
    no_video: ["m=audio 0 RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "a=control:trackID=1"],
    other_codec: ["m=video 0 RTP/AVP 97", "a=rtpmap:97 MP4V-ES/90000", "a=control:trackID=0"],
  };
  return [...head, ...(sections[fault] ?? video), ""].join("\r\n");
};

const reply = (
  socket: Socket,
  request: RtspMessage,
  status: string,
  headers: Record<string, string>,
  body = "",
): void => {
  const all = {
    CSeq: request.headers.get("cseq") ?? "0",
    Server: "simulated camera",
    ...headers,
    ...(body === "" ? {} : { "Content-Length": String(Buffer.byteLength(body)) }),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  socket.write(`${[`RTSP/1.0 ${status}`, ...lines].join("\r\n")}\r\n\r\n${body}`);
};

const challenge = ({ scheme }: CameraOptions, nonce: string): string =>
  scheme === "basic" ? `Basic realm="${REALM}"` : `Digest realm="${REALM}", nonce="${nonce}"`;

const isAllowed = (request: RtspMessage, options: CameraOptions, fault: Fault, nonce: string): boolean => {
  const { credentials } = options;
  if (fault === "wrong_password") return false;
  if (!credentials) return true;
  const given = request.headers.get("authorization") ?? "";
  if (options.scheme === "basic") {
    return given === `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64")}`;
  }
  const parts = authParts(given);
  const method = request.start.split(" ", 1)[0] ?? "";
  const asked = { method, uri: parts.get("uri") ?? "" };
  const expected = digestResponse(
    credentials,
    asked,
    new Map([
      ["realm", REALM],
      ["nonce", nonce],
    ]),
    "",
  );
  return parts.get("username") === credentials.username && parts.get("response") === expected;
};
