/**
 * `MEDIA_URL` of a MediaMTX, in one line:
 *
 *   http://127.0.0.1:9997?rtsp=rtsp://127.0.0.1:8554&hls=https://media.example.org/hls&webrtc=https://media.example.org/webrtc
 *
 * The address is that of its control API; a name and a password for it may stand in it. `rtsp` is where FFmpeg beside it
 * reads, `hls`, `webrtc` and `rtsps` where viewers do.
 */
import { AppError } from "#lib/errors.ts";

export type MediaAddress = {
  /** Without a trailing slash. */
  api: string;
  authorization: string | null;
  rtsp: string;
  public_urls: Partial<Record<"hls" | "webrtc" | "rtsps", string>>;
};

const OPTIONS: Record<string, RegExp> = {
  rtsp: /^rtsp:$/,
  rtsps: /^rtsps?:$/,
  hls: /^https?:$/,
  webrtc: /^https?:$/,
};
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

const malformed = (what: string): AppError => new AppError("internal", `MEDIA_URL is malformed: ${what}`);

/** Throws for a control API elsewhere: who reaches it reads every camera's password. */
export const mediaAddress = (text: string): MediaAddress => {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) throw malformed("there must be an http: or https: address");
  if (!LOOPBACK.test(url.hostname)) throw malformed("the control API must be on loopback");
  const given = Object.fromEntries(url.searchParams);
  for (const [name, value] of Object.entries(given)) {
    const scheme = OPTIONS[name];
    if (!scheme) throw malformed(`there is no option ${name}`);
    if (!scheme.test(URL.parse(value)?.protocol ?? "")) throw malformed(`${name} is no such address`);
  }
  const { rtsp = "rtsp://127.0.0.1:8554", ...viewers } = given;
  if (!LOOPBACK.test(new URL(rtsp).hostname)) throw malformed("rtsp must be on loopback");
  const [username, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  return {
    api: `${url.origin}${url.pathname.replace(/\/$/, "")}`,
    authorization: username === "" ? null : `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`,
    rtsp: rtsp.replace(/\/$/, ""),
    public_urls: Object.fromEntries(Object.entries(viewers).map(([name, at]) => [name, at.replace(/\/$/, "")])),
  };
};

/** Where a viewer reads a path, each with the token that lets it. */
export const viewerUrls = (
  { public_urls }: MediaAddress,
  name: string,
  token: string,
): Partial<Record<"hls" | "webrtc" | "rtsps", string>> => {
  const ends = { hls: "/index.m3u8", webrtc: "/whep", rtsps: "" };
  return Object.fromEntries(
    Object.entries(public_urls).map(([kind, at]) => [
      kind,
      `${at}/${name}${ends[kind as keyof typeof ends]}?token=${encodeURIComponent(token)}`,
    ]),
  );
};
