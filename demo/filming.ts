/** From drawn pictures to the H.264 loop of a camera, through FFmpeg. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { blankFor, drawFrame, type Stage } from "./drawing/scenes.ts";
import { FPS, FRAMES_PER_KEY_FRAME, LOOP_FRAMES } from "./traffic.ts";

/** Throws when FFmpeg fails. Killed half way it leaves no process: FFmpeg ends with its input. */
export const filmLoop = async (stage: Stage, file: string, onFrame: (frame: number) => void): Promise<void> => {
  const { width, height } = stage.background;
  const ffmpeg = spawn("ffmpeg", argumentsFor(width, height, file), { stdio: ["pipe", "ignore", "pipe"] });
  let words = "";
  ffmpeg.stderr.on("data", (chunk: Buffer) => (words = `${words}${String(chunk)}`.slice(-2000)));
  const ended = once(ffmpeg, "close").then(([code]) => Number(code));
  // Its death shows as an error of the pipe first; the reason comes with its end.
  ffmpeg.stdin.on("error", () => {});
  const planes = [blankFor(stage), blankFor(stage)];
  let before: Promise<void> = Promise.resolve();
  for (let frame = 0; frame < LOOP_FRAMES && ffmpeg.exitCode === null; frame += 1) {
    const drawn = planes[frame % planes.length] ?? blankFor(stage);
    drawFrame(stage, frame, drawn);
    // The picture before this one is still being written while this one is drawn.
    await before;
    before = new Promise((resolve) => void ffmpeg.stdin.write(drawn.bytes, () => resolve()));
    onFrame(frame);
  }
  await before;
  ffmpeg.stdin.end();
  const code = await ended;
  if (code !== 0) throw new Error(`FFmpeg could not make ${file}: ${words.trim() || `code ${code}`}`);
};

/** A key frame about twice a second, no frame that refers beyond it, none that comes out of order. */
const argumentsFor = (width: number, height: number, file: string): string[] =>
  [
    ["-nostdin", "-hide_banner", "-v", "error", "-y"],
    ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", `${width}x${height}`, "-r", String(FPS), "-i", "pipe:0"],
    ["-c:v", "libx264", "-preset", "superfast", "-crf", "25", "-threads", "1", "-bf", "0"],
    [
      "-g",
      String(FRAMES_PER_KEY_FRAME),
      "-keyint_min",
      String(FRAMES_PER_KEY_FRAME),
      "-sc_threshold",
      "0",
      "-flags",
      "+cgop",
    ],
    ["-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"],
    ["-f", "h264", file],
  ].flat();
