/** Small pictures from key frames. One FFmpeg at a time in a process: pictures are a comfort, recording is not. */
import { spawn } from "node:child_process";
import type { FrameFormat } from "#lib/frames/frames.ts";

const LIMIT_MS = 5000;
const demuxers: Record<FrameFormat, string> = { h264: "h264", h265: "hevc", jpeg: "mjpeg", png: "png_pipe" };

/** `null`: the picture cannot be decoded. 640 wide for people, 160×90 for lists. */
export type Pictures = { wide: Uint8Array; small: Uint8Array };

const queue = { last: Promise.resolve() as Promise<unknown> };

export const picturesOf = (format: FrameFormat, bytes: Uint8Array): Promise<Pictures | null> => {
  const turn = queue.last.then(() => decode(format, bytes));
  queue.last = turn.catch(() => undefined);
  return turn;
};

const decode = async (format: FrameFormat, bytes: Uint8Array): Promise<Pictures | null> => {
  const wide = await ffmpeg(
    ["-f", demuxers[format], "-i", "pipe:0", "-frames:v", "1", "-vf", "scale=640:-2:flags=fast_bilinear", ...jpeg],
    bytes,
  );
  if (!wide) return null;
  const fit = "scale=160:90:force_original_aspect_ratio=decrease:flags=fast_bilinear,pad=160:90:(ow-iw)/2:(oh-ih)/2";
  const small = await ffmpeg(["-f", "mjpeg", "-i", "pipe:0", "-frames:v", "1", "-vf", fit, ...jpeg], wide);
  return small ? { wide, small } : null;
};

const jpeg = ["-q:v", "5", "-f", "mjpeg", "pipe:1"];

/** `null` when it fails: what comes in is a camera's, and may be anything. */
export const ffmpeg = (args: readonly string[], input: Uint8Array): Promise<Uint8Array | null> =>
  new Promise((resolve) => {
    const child = spawn(
      "ffmpeg",
      ["-nostdin", "-v", "error", "-threads", "1", "-protocol_whitelist", "pipe", ...args],
      { stdio: ["pipe", "pipe", "ignore"], timeout: LIMIT_MS, killSignal: "SIGKILL" },
    );
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("error", () => resolve(null));
    child.on("close", (code) => resolve(code === 0 && chunks.length > 0 ? Buffer.concat(chunks) : null));
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
