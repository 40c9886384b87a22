/** What a camera says it sends (RFC 8866, RFC 6184), as far as video is concerned. */

export type VideoDescription = {
  /** As the camera writes it, in capitals: H264, H265, JPEG. */
  codec: string;
  payload_type: number;
  clock_rate: number;
  /** Sequence and picture parameter sets, where the description carries them. */
  parameter_sets: Buffer[];
  /** Relative or absolute address of the stream; empty: the session's own. */
  control: string;
  audio_codec: string | null;
};

/** `null`: there is no video in it. */
export const readSdp = (text: string): VideoDescription | null => {
  const sections = text.split(/\r?\n(?=m=)/);
  const video = sections.find((section) => section.startsWith("m=video"));
  if (!video) return null;
  const payload_type = Number(/^m=video \S+ \S+ (\d+)/.exec(video)?.[1] ?? 96);
  const map = new RegExp(`^a=rtpmap:${payload_type} ([^/\\s]+)/(\\d+)`, "m").exec(video);
  const format = new RegExp(`^a=fmtp:${payload_type} (.*)$`, "m").exec(video)?.[1] ?? "";
  const sets = /sprop-parameter-sets=([^;\s]+)/.exec(format)?.[1] ?? "";
  const audio = sections.find((section) => section.startsWith("m=audio"));
  return {
    codec: (map?.[1] ?? (payload_type === 26 ? "JPEG" : "unknown")).toUpperCase(),
    payload_type,
    clock_rate: Number(map?.[2] ?? 90_000),
    parameter_sets: sets === "" ? [] : sets.split(",").map((set) => Buffer.from(set, "base64")),
    control: /^a=control:(\S+)/m.exec(video)?.[1] ?? "",
    audio_codec: audio ? (/^a=rtpmap:\d+ ([^/\s]+)/m.exec(audio)?.[1] ?? "unknown") : null,
  };
};

/** Our own description of the same video, for the recorder that reads our relay. */
export const writeSdp = ({ payload_type, clock_rate, parameter_sets }: VideoDescription): string => {
  const sets = parameter_sets.map((set) => set.toString("base64")).join(",");
  return [
    "v=0",
    "o=- 0 0 IN IP4 127.0.0.1",
    "s=relay",
    "c=IN IP4 127.0.0.1",
    "t=0 0",
    `m=video 0 RTP/AVP ${payload_type}`,
    `a=rtpmap:${payload_type} H264/${clock_rate}`,
    `a=fmtp:${payload_type} packetization-mode=1${sets === "" ? "" : `; sprop-parameter-sets=${sets}`}`,
    "a=control:video",
    "",
  ].join("\r\n");
};
