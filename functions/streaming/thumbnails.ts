/** Small pictures from key frames. One FFmpeg at a time in a process: pictures are a comfort, recording is not. */
import { spawn } from "node:child_process";
import type { FrameFormat } from "#lib/frames/frames.ts";

const LIMIT_MS = 5000;
const demuxers: Record<FrameFormat, string> = { h264: "h264", h265: "hevc", jpeg: "mjpeg", png: "png_pipe" };

/** Filters of FFmpeg: 640 wide for people, 160×90 for lists. */
const WIDE = "scale=640:-2:flags=fast_bilinear";
export const SMALL =
  "scale=160:90:force_original_aspect_ratio=decrease:flags=fast_bilinear,pad=160:90:(ow-iw)/2:(oh-ih)/2";

export type Pictures = { wide: Uint8Array; small: Uint8Array };

const queue = { last: Promise.resolve() as Promise<unknown> };

/** `null`: the picture cannot be decoded. */
export const picturesOf = (format: FrameFormat, bytes: Uint8Array): Promise<Pictures | null> => {
  const turn = queue.last.then(() => decode(format, bytes));
  queue.last = turn.catch(() => undefined);
  return turn;
};

const jpeg = (label: string, pipe: number): string[] => [
  "-map",
  `[${label}]`,
  "-frames:v",
  "1",
  "-q:v",
  "5",
  "-f",
  "mjpeg",
  `pipe:${pipe}`,
];

/** One decoding for both. `null` when it fails: what comes in is a camera's, and may be anything. */
const decode = (format: FrameFormat, bytes: Uint8Array): Promise<Pictures | null> =>
  new Promise((resolve) => {
    const args = [
      ["-nostdin", "-v", "error", "-threads", "1", "-protocol_whitelist", "pipe"],
      ["-f", demuxers[format], "-i", "pipe:0"],
      ["-filter_complex", `[0:v]split[a][b];[a]${WIDE}[wide];[b]${SMALL}[small]`],
      jpeg("wide", 1),
      jpeg("small", 3),
    ].flat();
    const child = spawn("ffmpeg", args, {
      stdio: ["pipe", "pipe", "ignore", "pipe"],
      timeout: LIMIT_MS,
      killSignal: "SIGKILL",
    });
    const [wide, small] = [child.stdio[1], child.stdio[3]].map((pipe) => {
      const chunks: Buffer[] = [];
      pipe?.on("data", (chunk: Buffer) => chunks.push(chunk));
      return chunks;
    }) as [Buffer[], Buffer[]];
    child.on("error", () => resolve(null));
    child.on("close", (code) => {
      const made = code === 0 && wide.length > 0 && small.length > 0;
      resolve(made ? { wide: Buffer.concat(wide), small: Buffer.concat(small) } : null);
    });
    child.stdin?.on("error", () => {});
    child.stdin?.end(bytes);
  });
