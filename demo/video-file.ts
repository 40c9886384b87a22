/** Any video file as a loop that a camera can send: copied where it is already right, made over once where it is not. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { readVideo, type Video } from "./rtsp/video.ts";

export type FileVideo = { video: Video; codec: string; width: number; height: number; how: "copied" | "made over" };

export type FileVideoOptions = {
  file: string;
  /** Where what was made is kept, by what is in the file. */
  cache?: string;
  say: (line: string) => void;
  signal?: AbortSignal;
};

const Probed = z.object({
  streams: z.array(
    z.object({
      codec_name: z.string(),
      width: z.int(),
      height: z.int(),
      pix_fmt: z.string().optional(),
      has_b_frames: z.int().default(0),
      avg_frame_rate: z.string(),
      r_frame_rate: z.string(),
    }),
  ),
  format: z.object({ duration: z.coerce.number().optional() }),
});
type Found = z.infer<typeof Probed>["streams"][number] & { fps: number; seconds: number | null };

/** The loop is held in memory. */
const LARGEST_BYTES = 512 * 1024 * 1024;
const FASTEST_FPS = 60;

/** Throws one sentence for people. */
export const openVideoFile = async (options: FileVideoOptions): Promise<FileVideo> => {
  const { file, say, signal } = options;
  if (!existsSync(file) || !statSync(file).isFile()) throw new Error(`There is no file ${file}.`);
  const found = await probe(file, signal);
  const cache = options.cache ?? join(tmpdir(), `gt-vision-camera-${userInfo().uid}`);
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const key = await hashOf(file);
  const shape = { codec: found.codec_name, width: found.width, height: found.height };
  if (canBeCopied(found)) {
    const copied = join(cache, `${key}-copy.h264`);
    await make(copied, ["-c:v", "copy"], options, null);
    const video = await readVideo(copied, found.fps).catch(() => null);
    if (video) return { video, ...shape, how: "copied" };
    say("Its pictures refer across its key frames; it is made over.");
  }
  const made = join(cache, `${key}-made.h264`);
  if (!existsSync(made)) say(`Making H.264 without B-frames of it (${found.codec_name} now; once) …`);
  const fps = Math.min(found.fps, FASTEST_FPS);
  await make(made, encoding(fps), options, found.seconds);
  return { video: await readVideo(made, fps), ...shape, how: "made over" };
};

const probe = async (file: string, signal?: AbortSignal): Promise<Found> => {
  const entries = "stream=codec_name,width,height,pix_fmt,has_b_frames,avg_frame_rate,r_frame_rate:format=duration";
  const asked = ["-v", "error", "-select_streams", "v:0", "-show_entries", entries, "-of", "json", "-i", file];
  const { code, stdout, stderr } = await run("ffprobe", asked, () => {}, signal);
  if (code !== 0) throw new Error(`FFmpeg cannot read ${file}: ${stderr.trim().split("\n").at(-1) ?? ""}`);
  const { streams, format } = Probed.parse(JSON.parse(stdout));
  const [stream] = streams;
  if (!stream) throw new Error(`There is no video in ${file}.`);
  const fps = rateOf(stream.avg_frame_rate) || rateOf(stream.r_frame_rate) || 25;
  return { ...stream, fps, seconds: format.duration ?? null };
};

const rateOf = (text: string): number => {
  const [count = 0, per = 1] = text.split("/").map(Number);
  return per > 0 ? count / per : 0;
};

/** Steady, in order, and in colours that browsers show. */
const canBeCopied = ({ codec_name, has_b_frames, pix_fmt, avg_frame_rate, r_frame_rate }: Found): boolean =>
  codec_name === "h264" &&
  has_b_frames === 0 &&
  (pix_fmt === "yuv420p" || pix_fmt === "yuvj420p") &&
  Math.abs(rateOf(avg_frame_rate) - rateOf(r_frame_rate)) < 0.01;

const encoding = (fps: number): string[] =>
  [
    ["-c:v", "libx264", "-preset", "veryfast", "-crf", "24", "-bf", "0", "-pix_fmt", "yuv420p"],
    ["-vf", "scale=trunc(iw/2)*2:trunc(ih/2)*2", "-fps_mode", "cfr", "-r", String(fps)],
    ["-g", String(Math.round(fps)), "-sc_threshold", "0", "-flags", "+cgop"],
  ].flat();

/** Made beside its place and moved there when whole. */
const make = async (
  target: string,
  how: readonly string[],
  { file, say, signal }: FileVideoOptions,
  seconds: number | null,
): Promise<void> => {
  if (existsSync(target)) return;
  const part = `${target}.${process.pid}.part`;
  const limits = ["-fs", String(LARGEST_BYTES)];
  const args = ["-nostdin", "-v", "error", "-progress", "pipe:1", "-y", "-i", file, "-map", "0:v:0", "-an"];
  const all = [...args, ...how, ...limits, "-f", "h264", part];
  try {
    const { code, stderr } = await run("ffmpeg", all, progressTo(say, seconds), signal);
    if (code !== 0)
      throw new Error(`FFmpeg could not read ${file} to its end: ${stderr.trim().split("\n").at(-1) ?? ""}`);
    if (statSync(part).size >= LARGEST_BYTES * 0.98) say("It is long: only its beginning is sent, again and again.");
    renameSync(part, target);
  } finally {
    rmSync(part, { force: true });
  }
};

/** A line for every tenth that is done. */
const progressTo = (say: (line: string) => void, seconds: number | null): ((text: string) => void) => {
  let said = 0;
  return (text) => {
    const done = Number(/out_time_us=(\d+)/.exec(text)?.[1] ?? 0) / 1_000_000;
    const tenths = seconds ? Math.min(9, Math.floor((done / seconds) * 10)) : 0;
    if (tenths <= said) return;
    said = tenths;
    say(`  ${tenths * 10} %`);
  };
};

const run = async (command: string, args: readonly string[], onText: (text: string) => void, signal?: AbortSignal) => {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...(signal ? { signal } : {}) });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    stdout = (stdout + String(chunk)).slice(-100_000);
    onText(String(chunk));
  });
  child.stderr.on("data", (chunk: Buffer) => (stderr = (stderr + String(chunk)).slice(-4000)));
  child.on("error", () => {});
  const [code] = await once(child, "close");
  signal?.throwIfAborted();
  return { code: code as number | null, stdout, stderr };
};

const hashOf = async (file: string): Promise<string> => {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex").slice(0, 32);
};
