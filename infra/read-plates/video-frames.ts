/** A few pictures of each second of a video, decoded by FFmpeg, as it comes out of a pipe. */
import { execFile, spawn, type ChildProcessByStdio } from "node:child_process";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import * as z from "zod";
import { AppError } from "#lib/errors.ts";
import type { Picture } from "#lib/vision/picture.ts";
import { isCamera } from "./options.ts";
import type { LookOptions } from "./sources.ts";

export type VideoFrame = { time: number; picture: Picture };

/** Above this, the standard of high definition says how colours are made; below, the older one. */
const HIGH_DEFINITION = 720;
const SILENCE_MICROSECONDS = 10_000_000;

/** Rates and sound make an honest end a little early or late. */
const LEAST_SHORT_SECONDS = 1;

const Probed = z.object({
  streams: z
    .array(
      z.object({ duration: z.string().optional(), tags: z.object({ DURATION: z.string().optional() }).optional() }),
    )
    .optional(),
  format: z.object({ duration: z.string().optional() }).optional(),
});

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

/** Throws `invalid`: `picture.no_video` when no picture came at all, `picture.broken_off` after those that came. */
export async function* videoFrames(source: string, options: LookOptions): AsyncGenerator<VideoFrame> {
  // A group of its own: a terminal's Ctrl-C reaches us alone, so that the end which follows is known as wanted.
  const child = spawn("ffmpeg", argumentsOf(source, options), { stdio: ["ignore", "pipe", "pipe"], detached: true });
  const stop = (): void => void child.kill();
  options.signal.addEventListener("abort", stop, { once: true });
  const ended = endOf(child);
  let count = 0;
  try {
    for await (const picture of picturesIn(child.stdout as AsyncIterable<Buffer>)) {
      yield { time: count / options.per_second, picture };
      count += 1;
    }
    const end = await ended;
    if (options.signal.aborted) return;
    if (count === 0)
      throw new AppError("invalid", `No picture came: ${end.words || "no reason given"}`, {
        reason: "picture.no_video",
      });
    await checkEnd(source, count / options.per_second, end, options);
  } finally {
    options.signal.removeEventListener("abort", stop);
    child.kill();
  }
}

type End = { code: number | null; words: string };

const endOf = (child: ChildProcessByStdio<null, Readable, Readable>): Promise<End> => {
  const end = Promise.withResolvers<End>();
  const words: Buffer[] = [];
  child.once("error", () => end.resolve({ code: null, words: "FFmpeg could not be started" }));
  child.stderr.on("data", (chunk: Buffer) => void (words.length < 20 && words.push(chunk)));
  child.once("close", (code) => end.resolve({ code, words: lastLine(Buffer.concat(words).toString()) }));
  return end.promise;
};

/**
 * FFmpeg calls it a success when a file or a camera breaks off: it is held against how long the file says it is, and a camera
 * has no end of its own. A file that does not say its length (a bare stream, AVI) has FFmpeg's words noted only.
 */
const checkEnd = async (source: string, came: number, { code, words }: End, options: LookOptions): Promise<void> => {
  const { per_second, seconds, signal } = options;
  const because = words === "" ? "" : ` (${words})`;
  const whole = isCamera(source) ? Infinity : await secondsOf(source, signal);
  if (signal.aborted) return;
  const wanted = Math.min(whole ?? 0, seconds ?? Infinity);
  if (code === 0 && came >= wanted - Math.max(LEAST_SHORT_SECONDS, 2 / per_second)) {
    if (words !== "") options.note(`parts of it are damaged${because}`);
    return;
  }
  const of = Number.isFinite(wanted) && wanted > came ? ` of ${wanted.toFixed(1)}` : "";
  throw new AppError("invalid", `It broke off after ${came.toFixed(1)}${of} s${because}`, {
    reason: "picture.broken_off",
  });
};

/** As its header says: of the pictures where it tells them apart, for sound may go on longer. `null`: it does not say. */
const secondsOf = async (file: string, signal: AbortSignal): Promise<number | null> => {
  const asked = ["-select_streams", "v:0", "-show_entries", "stream=duration:stream_tags=DURATION:format=duration"];
  const args = ["-v", "quiet", "-protocol_whitelist", "file,crypto", ...asked, "-of", "json", file];
  const { stdout } = await promisify(execFile)("ffprobe", args, { signal }).catch(() => ({ stdout: "{}" }));
  const { streams, format } = Probed.parse(JSON.parse(stdout));
  const stream = streams?.[0];
  const tag = stream?.tags?.DURATION?.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  const seconds = Number(stream?.duration ?? tag ?? format?.duration);
  return Number.isFinite(seconds) ? seconds : null;
};

/** Its source may be an address with a password, which FFmpeg repeats. */
const lastLine = (text: string): string =>
  (text.trim().split("\n").at(-1) ?? "").replaceAll(/\/\/[^/@\s]*@/g, "//").slice(0, 200);

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
