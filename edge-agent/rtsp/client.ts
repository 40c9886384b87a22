/**
 * Dials a camera: RTSP over one TCP connection, Basic and Digest, no redirects. The address is resolved once, checked, and that
 * very address is dialled. Whatever goes wrong is one of the closed causes; no text here ever holds a credential.
 */
import { randomBytes } from "node:crypto";
import { lookup } from "node:dns/promises";
import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { rtspSplitter, statusOf, type Credentials, type RtspMessage } from "#lib/media/rtsp.ts";
import type { CameraCause } from "#lib/wire/agent.ts";
import { authorise } from "./authorise.ts";
import { cameraFault } from "./camera-fault.ts";
import { allows, type Networks } from "./networks.ts";
import { readSdp, type VideoDescription } from "./sdp.ts";

const STEP_MS = 4000;
const DEFAULT_SESSION_SECONDS = 60;
const codecs = new Set(["H264"]);

export type OpenCamera = {
  url: string;
  networks: Networks;
  /** An interleaved frame with its four bytes of head; channel 0 is RTP, 1 is RTCP. `arrived_ms`: when its bytes were read. */
  onFrame(channel: number, frame: Buffer): void;
  /** Once, after it was open. */
  onEnd(cause: CameraCause): void;
};
export type CameraConnection = { video: VideoDescription; close(): void };

/** Throws `cameraFault`. */
export const openCamera = async (camera: OpenCamera, signal?: AbortSignal): Promise<CameraConnection> => {
  const url = new URL(camera.url);
  const credentials: Credentials = {
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
  const secure = url.protocol === "rtsps:";
  const port = Number(url.port) || (secure ? 322 : 554);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  url.username = "";
  url.password = "";
  const address = await resolveHost(host);
  if (!allows(camera.networks, address, port)) throw cameraFault("not_allowed");
  const socket = await dial({ address, port, secure, host }, signal);
  return converse(camera, socket, url.href, credentials, signal);
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

const dial = ({ address, port, secure, host }: Target, signal?: AbortSignal): Promise<Socket> => {
  // Cameras carry certificates of their makers: the line is private, the peer is not proven.
  const socket = secure
    ? connectTls({ host: address, port, rejectUnauthorized: false, ...(isIP(host) ? {} : { servername: host }) })
    : connectPlain({ host: address, port });
  socket.setNoDelay(true);
  const opened = new Promise<Socket>((resolve, reject) => {
    socket.once(secure ? "secureConnect" : "connect", () => resolve(socket));
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
  socket: Socket,
  url: string,
  credentials: Credentials,
  signal?: AbortSignal,
): Promise<CameraConnection> => {
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
    frame: (channel, frame) => camera.onFrame(channel, frame),
  });
  socket.on("data", (chunk: Buffer) => {
    try {
      splitter.push(chunk);
    } catch {
      end("not_rtsp");
    }
  });
  socket.on("error", () => end("unreachable"));
  socket.on("close", () => end(open ? "unreachable" : "no_answer"));
  signal?.addEventListener("abort", () => end("unreachable"), { once: true });

  const session = createSession(url, credentials, (text) => {
    const answer = new Promise<RtspMessage>((resolve, reject) => (waiting = { resolve, reject }));
    socket.write(text);
    return within(answer, "no_answer");
  });
  try {
    const video = await begin(session);
    open = true;
    const keeping = setInterval(() => socket.write(session.request("GET_PARAMETER", url)), session.keepAliveMs());
    socket.on("close", () => clearInterval(keeping));
    return {
      video,
      close() {
        ended = true;
        clearInterval(keeping);
        if (socket.writable) socket.end(session.request("TEARDOWN", url));
        setTimeout(() => socket.destroy(), 200).unref();
      },
    };
  } catch (error) {
    ended = true;
    socket.destroy();
    throw error;
  }
};

type Session = {
  ask(method: string, uri: string, headers?: Record<string, string>): Promise<RtspMessage>;
  request(method: string, uri: string, headers?: Record<string, string>): string;
  url: string;
  remember(answer: RtspMessage): void;
  keepAliveMs(): number;
};

const createSession = (
  url: string,
  credentials: Credentials,
  send: (text: string) => Promise<RtspMessage>,
): Session => {
  let sequence = 0;
  let challenge: string | null = null;
  let id: string | null = null;
  let seconds = DEFAULT_SESSION_SECONDS;
  const request: Session["request"] = (method, uri, headers = {}) => {
    const authorization =
      challenge && authorise(challenge, credentials, { method, uri }, randomBytes(8).toString("hex"));
    const lines = {
      CSeq: String((sequence += 1)),
      "User-Agent": "GT-Vision",
      ...(id ? { Session: id } : {}),
      ...(authorization ? { Authorization: authorization } : {}),
      ...headers,
    };
    const text = Object.entries(lines).map(([name, value]) => `${name}: ${value}`);
    return `${[`${method} ${uri} RTSP/1.0`, ...text].join("\r\n")}\r\n\r\n`;
  };
  return {
    url,
    request,
    async ask(method, uri, headers) {
      const answer = await send(request(method, uri, headers));
      if (statusOf(answer) !== 401) return mustBeFine(answer);
      const offered = strongest(answer.challenges);
      // Asked again with the same proof: it is wrong. Nobody to prove: it is missing.
      const stale = /stale="?true/i.test(offered ?? "");
      if (offered === null || credentials.username === "" || (challenge !== null && !stale)) {
        throw cameraFault("wrong_password");
      }
      challenge = offered;
      return mustBeFine(await send(request(method, uri, headers)));
    },
    remember(answer) {
      const [name, ...options] = (answer.headers.get("session") ?? "").split(";");
      if (name) id = name.trim();
      const timeout = options.map((option) => /timeout=(\d+)/i.exec(option)?.[1]).find(Boolean);
      seconds = Math.min(Math.max(Number(timeout ?? DEFAULT_SESSION_SECONDS), 4), 600);
    },
    keepAliveMs: () => (seconds * 1000) / 2,
  };
};

const strongest = (challenges: readonly string[]): string | null =>
  challenges.find((text) => /^digest/i.test(text) && /sha-256/i.test(text)) ??
  challenges.find((text) => /^digest/i.test(text)) ??
  challenges.find((text) => /^basic/i.test(text)) ??
  null;

const mustBeFine = (answer: RtspMessage): RtspMessage => {
  const status = statusOf(answer);
  if (status >= 200 && status < 300) return answer;
  if (status === 401 || status === 403) throw cameraFault("wrong_password");
  // A redirection would lead past the check of the address.
  if (status >= 300 && status < 400) throw cameraFault("not_allowed");
  if (status === 404 || status === 454) throw cameraFault("no_video");
  throw cameraFault("no_answer");
};

const begin = async (session: Session): Promise<VideoDescription> => {
  const described = await session.ask("DESCRIBE", session.url, { Accept: "application/sdp" });
  const video = readSdp(described.body);
  if (!video) throw cameraFault("no_video");
  if (!codecs.has(video.codec)) throw cameraFault("codec");
  const base = described.headers.get("content-base") ?? described.headers.get("content-location") ?? session.url;
  const track = controlUrl(base, video.control);
  const set = await session.ask("SETUP", track, { Transport: "RTP/AVP/TCP;unicast;interleaved=0-1" });
  session.remember(set);
  await session.ask("PLAY", controlUrl(base, "*"), { Range: "npt=0.000-" });
  return video;
};

const controlUrl = (base: string, control: string): string => {
  if (control === "" || control === "*") return base;
  if (/^rtsps?:/i.test(control)) return control;
  return `${base.endsWith("/") ? base : `${base}/`}${control}`;
};
