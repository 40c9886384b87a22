/**
 * Dials a camera: RTSP over one TCP connection, Basic and Digest, no redirects. The address is resolved once, checked, and that
 * very address is dialled. Whatever goes wrong is one of the closed causes; no text here ever holds a credential.
 */
import { lookup } from "node:dns/promises";
import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { rtspSplitter, type Credentials, type RtspMessage } from "#lib/media/rtsp.ts";
import type { CameraCause } from "#lib/wire/agent.ts";
import { cameraFault } from "./camera-fault.ts";
import { allows, type Networks } from "./networks.ts";
import type { VideoDescription } from "./sdp.ts";
import { beginVideo, createSession } from "./session.ts";

const STEP_MS = 4000;

export type OpenCamera = {
  url: string;
  networks: Networks;
  /** A packet lies between `from` and `to`; channel 0 is RTP, 1 is RTCP. The bytes are gone when it returns. */
  onFrame(channel: number, data: Buffer, from: number, to: number): void;
  /** Once, after it was open. */
  onEnd(cause: CameraCause): void;
};
export type CameraConnection = { video: VideoDescription; close(): void };

/** Throws `cameraFault`. */
export const openCamera = async (camera: OpenCamera, signal?: AbortSignal): Promise<CameraConnection> => {
  const url = new URL(camera.url);
  const credentials: Credentials = { username: decoded(url.username), password: decoded(url.password) };
  const secure = url.protocol === "rtsps:";
  const port = Number(url.port) || (secure ? 322 : 554);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  url.username = "";
  url.password = "";
  const address = await resolveHost(host);
  if (!allows(camera.networks, address, port)) throw cameraFault("not_allowed");
  const line = await dial({ address, port, secure, host }, signal);
  return converse(camera, line, url.href, credentials, signal);
};

/** A per cent sign that was meant as one is left as it is. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const resolveHost = async (host: string): Promise<string> => {
  if (isIP(host)) return host;
  const found = await within(lookup(host), "name_not_found").catch(() => null);
  if (!found) throw cameraFault("name_not_found");
  return found.address;
};

const within = async <T>(work: Promise<T>, late: CameraCause): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(cameraFault(late)), STEP_MS);
  });
  return Promise.race([work, limit]).finally(() => clearTimeout(timer));
};

type Target = { address: string; port: number; secure: boolean; host: string };
type Line = { socket: Socket; receive(chunk: Buffer): void };
const GOODBYE_MS = 200;
const READ_BYTES = 64 * 1024;

const dial = ({ address, port, secure, host }: Target, signal?: AbortSignal): Promise<Line> => {
  const line = { receive: (_chunk: Buffer): void => undefined };
  // Always into the same place: a place of its own for every read is what the garbage collector would be busy with.
  const onread = {
    buffer: Buffer.allocUnsafeSlow(READ_BYTES),
    callback: (bytes: number, buffer: Uint8Array): boolean => {
      line.receive((buffer as Buffer).subarray(0, bytes));
      return true;
    },
  };
  // Cameras carry certificates of their makers: the line is private, the peer is not proven.
  const name = isIP(host) ? {} : { servername: host };
  const socket = secure
    ? connectTls({ host: address, port, rejectUnauthorized: false, ...name })
    : connectPlain({ host: address, port, onread });
  if (secure) socket.on("data", (chunk: Buffer) => line.receive(chunk));
  socket.setNoDelay(true);
  const opened = new Promise<Line>((resolve, reject) => {
    socket.once(secure ? "secureConnect" : "connect", () => resolve(Object.assign(line, { socket })));
    socket.once("error", (error: NodeJS.ErrnoException) => reject(cameraFault(causeOfDialling(error))));
    signal?.addEventListener("abort", () => reject(cameraFault("unreachable")), { once: true });
  });
  return within(opened, "unreachable").catch((error: unknown) => {
    socket.destroy();
    throw error;
  });
};

const causeOfDialling = ({ code }: NodeJS.ErrnoException): CameraCause =>
  code === "ECONNREFUSED" ? "refused" : "unreachable";

const converse = async (
  camera: OpenCamera,
  line: Line,
  url: string,
  credentials: Credentials,
  signal?: AbortSignal,
): Promise<CameraConnection> => {
  const { socket } = line;
  let waiting: { resolve(message: RtspMessage): void; reject(fault: Error): void } | null = null;
  let open = false;
  let ended = false;
  const end = (cause: CameraCause): void => {
    if (ended) return;
    ended = true;
    socket.destroy();
    waiting?.reject(cameraFault(cause));
    if (open) camera.onEnd(cause);
  };
  const splitter = rtspSplitter({
    message: (message) => {
      waiting?.resolve(message);
      waiting = null;
    },
    // Some cameras choose other channels than those asked for.
    frame: (channel, data, from, to) => {
      if (!ended) camera.onFrame(channel - session.firstChannel(), data, from, to);
    },
  });
  line.receive = (chunk) => {
    try {
      splitter.push(chunk);
    } catch (error) {
      end(error instanceof SyntaxError ? "not_rtsp" : "unreachable");
    }
  };
  socket.on("error", () => end("unreachable"));
  socket.on("close", () => end(open ? "unreachable" : "no_answer"));
  signal?.addEventListener("abort", () => end("unreachable"), { once: true });

  const session = createSession(url, credentials, (text) => {
    const answer = new Promise<RtspMessage>((resolve, reject) => (waiting = { resolve, reject }));
    socket.write(text);
    return within(answer, "no_answer");
  });
  try {
    const video = await beginVideo(session);
    if (ended) throw cameraFault("no_answer");
    open = true;
    const keeping = setInterval(() => socket.write(session.request("GET_PARAMETER", url)), session.keepAliveMs());
    socket.on("close", () => clearInterval(keeping));
    const close = (): void => {
      ended = true;
      clearInterval(keeping);
      sayGoodbye(socket, session.request("TEARDOWN", url));
    };
    return { video, close };
  } catch (error) {
    ended = true;
    socket.destroy();
    throw error;
  }
};

const sayGoodbye = (socket: Socket, words: string): void => {
  if (socket.writable) socket.end(words);
  setTimeout(() => socket.destroy(), GOODBYE_MS).unref();
};
