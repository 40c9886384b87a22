/** A few pictures of each second of a video, decoded by FFmpeg, as it comes out of a pipe. */
import { spawn } from "node:child_process";
import { AppError } from "#lib/errors.ts";
import type { Picture } from "#lib/vision/picture.ts";
import { isCamera } from "./options.ts";
import type { LookOptions } from "./sources.ts";

export type VideoFrame = { time: number; picture: Picture };

/** Above this, the standard of high definition says how colours are made; below, the older one. */
const HIGH_DEFINITION = 720;
const SILENCE_MICROSECONDS = 10_000_000;

const fromCamera = [
  ["-protocol_whitelist", "rtsp,rtp,tcp,udp,tls,crypto"],
  ["-rtsp_transport", "tcp", "-timeout", String(SILENCE_MICROSECONDS)],
].flat();

const argumentsOf = (source: string, { per_second, seconds }: LookOptions): string[] =>
  [
    ["-nostdin", "-v", "error", "-threads", "1"],
    isCamera(source) ? fromCamera : ["-protocol_whitelist", "file,crypto"],
    ["-i", source, "-an", "-sn", "-dn"],
    seconds === null ? [] : ["-t", String(seconds)],
    ["-vf", `fps=${per_second},scale=out_range=full,format=yuv420p`, "-strict", "-1"],
    ["-f", "yuv4mpegpipe", "pipe:1"],
  ].flat();

/** Throws `invalid` when the source gives no picture at all. The pipe waits while nobody asks. */
export async function* videoFrames(source: string, options: LookOptions): AsyncGenerator<VideoFrame> {
  const child = spawn("ffmpeg", argumentsOf(source, options), { stdio: ["ignore", "pipe", "pipe"] });
  const stop = (): void => void child.kill();
  options.signal.addEventListener("abort", stop, { once: true });
  const failed = Promise.withResolvers<string>();
  child.once("error", () => failed.resolve("FFmpeg could not be started"));
  const words: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => void (words.length < 20 && words.push(chunk)));
  child.once("close", () => failed.resolve(lastLine(Buffer.concat(words).toString())));
  let count = 0;
  try {
    for await (const picture of picturesIn(child.stdout as AsyncIterable<Buffer>)) {
      yield { time: count / options.per_second, picture };
      count += 1;
    }
    if (count === 0 && !options.signal.aborted)
      throw new AppError("invalid", `No picture came: ${await failed.promise}`, { reason: "picture.no_video" });
  } finally {
    options.signal.removeEventListener("abort", stop);
    child.kill();
  }
}

/** Its source may be an address with a password, which FFmpeg repeats. */
const lastLine = (text: string): string =>
  (text.trim().split("\n").at(-1) ?? "").replaceAll(/\/\/[^/@\s]*@/g, "//").slice(0, 200) || "no reason given";

/** YUV4MPEG2: a line with the size, then each picture after a line of its own. */
async function* picturesIn(chunks: AsyncIterable<Buffer>): AsyncGenerator<Picture> {
  let rest: Buffer[] = [];
  let length = 0;
  let size: { width: number; height: number } | null = null;
  const take = (bytes: number): Buffer => {
    const whole = Buffer.concat(rest);
    rest = [whole.subarray(bytes)];
    length -= bytes;
    return whole.subarray(0, bytes);
  };
  const line = (): string | null => {
    const at = (rest[0]?.indexOf(10) ?? -1) >= 0 ? rest[0]?.indexOf(10) : Buffer.concat(rest).indexOf(10);
    return at === undefined || at < 0 ? null : take(at + 1).toString("latin1");
  };
  let inFrame = false;
  for await (const chunk of chunks) {
    rest.push(chunk);
    length += chunk.byteLength;
    for (;;) {
      if (size && inFrame) {
        const bytes = planesOf(size).bytes;
        if (length < bytes) break;
        yield pictureOf(take(bytes), size);
        inFrame = false;
      } else {
        const header = line();
        if (header === null) break;
        if (header.startsWith("YUV4MPEG2")) size = sizeIn(header);
        else inFrame = true;
      }
    }
  }
}

const sizeIn = (header: string): { width: number; height: number } => {
  const number = (letter: string): number => Number(new RegExp(` ${letter}(\\d+)`).exec(header)?.[1]);
  return { width: number("W"), height: number("H") };
};

const planesOf = ({ width, height }: { width: number; height: number }) => {
  const [luma, half] = [width * height, Math.ceil(width / 2) * Math.ceil(height / 2)];
  return { luma, half, bytes: luma + 2 * half };
};

const pictureOf = (bytes: Buffer, size: { width: number; height: number }): Picture => {
  const { luma, half } = planesOf(size);
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
  shared.set(bytes);
  const [u, v] = [shared.subarray(luma, luma + half), shared.subarray(luma + half)];
  const matrix = size.height >= HIGH_DEFINITION ? "bt709" : "bt601";
  return { ...size, luma: shared.subarray(0, luma), colour: { form: "yuv420", u, v, matrix } };
};
