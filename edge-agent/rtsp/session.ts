/** One RTSP session of a camera: requests with their proof, and the way from a description to playing video. */
import { randomBytes } from "node:crypto";
import { statusOf, type Credentials, type RtspMessage } from "#lib/media/rtsp.ts";
import { authorise } from "./authorise.ts";
import { cameraFault } from "./camera-fault.ts";
import { readSdp, type VideoDescription } from "./sdp.ts";

const DEFAULT_SESSION_SECONDS = 60;
const codecs = new Set(["H264"]);

export type Session = {
  ask(method: string, uri: string, headers?: Record<string, string>): Promise<RtspMessage>;
  request(method: string, uri: string, headers?: Record<string, string>): string;
  url: string;
  remember(answer: RtspMessage): void;
  keepAliveMs(): number;
  /** Of the two that SETUP agreed on. */
  firstChannel(): number;
};

export const createSession = (
  url: string,
  credentials: Credentials,
  send: (text: string) => Promise<RtspMessage>,
): Session => {
  let sequence = 0;
  let challenge: string | null = null;
  let id: string | null = null;
  let seconds = DEFAULT_SESSION_SECONDS;
  let channel = 0;
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
      channel = Number(/interleaved=(\d{1,3})/i.exec(answer.headers.get("transport") ?? "")?.[1] ?? 0);
    },
    keepAliveMs: () => (seconds * 1000) / 2,
    firstChannel: () => channel,
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

/** Throws `cameraFault`. */
export const beginVideo = async (session: Session): Promise<VideoDescription> => {
  const described = await session.ask("DESCRIBE", session.url, { Accept: "application/sdp" });
  const video = readSdp(described.body);
  if (!video) throw cameraFault("no_video");
  if (!codecs.has(video.codec)) throw cameraFault("codec", video.codec);
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
