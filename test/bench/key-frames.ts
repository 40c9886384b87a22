/**
 * What a key frame costs on its way to pixels, in CPU: long-lived decoders beside one FFmpeg per picture and beside the floor,
 * one FFmpeg that decodes the same pictures as one film. `node test/bench/key-frames.ts`
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { noLog } from "#lib/log.ts";
import type { Codec } from "#lib/vision/key-frames/access-unit.ts";
import { openKeyFrameDecoder } from "#lib/vision/key-frames/open-key-frame-decoder.ts";

const [PICTURES, ROUNDS] = [24, 3];
/** At most so much more than the floor, and at most so much of one FFmpeg per picture. */
const GATES = { floor: 1.35, single: 0.4 } as const;

const coders: Record<Codec, { coder: string[]; form: string }> = {
  h264: { coder: ["-c:v", "libx264", "-preset", "veryfast", "-bf", "0"], form: "h264" },
  h265: { coder: ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error"], form: "hevc" },
};

/** Pictures of a city camera: 1080p, some 100 to 200 KB each. */
const film = (codec: Codec): Buffer[] => {
  const { coder, form } = coders[codec];
  return Array.from({ length: PICTURES }, (_, index) => {
    const picture = `mandelbrot=size=1920x1080:start_scale=0.0${index + 10}:maxiter=400,noise=alls=5`;
    const args = ["-v", "error", "-f", "lavfi", "-i", picture, "-frames:v", "1", "-pix_fmt", "yuv420p", ...coder];
    const made = spawnSync("ffmpeg", [...args, "-crf", "26", "-f", form, "pipe:1"]);
    if (made.status !== 0) throw new Error(made.stderr.toString());
    return made.stdout;
  });
};

/** Seconds that ended children have worked. */
const childSeconds = (): number => {
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[13]) + Number(fields[14])) / 100;
};

type Cost = { children: number; own: number };

const costOf = async (work: () => Promise<void> | void): Promise<Cost> => {
  const [children, own] = [childSeconds(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(own);
  return { children: ((childSeconds() - children) * 1000) / PICTURES, own: (user + system) / 1000 / PICTURES };
};

const ffmpeg = (form: string, input: Buffer, out: string[]): void => {
  const args = ["-v", "error", "-threads", "1", "-f", form, "-i", "pipe:0", ...out];
  const { status, stderr } = spawnSync("ffmpeg", args, { input, maxBuffer: 512 * 1024 * 1024 });
  if (status !== 0) throw new Error(stderr.toString());
};

const measure = async (codec: Codec): Promise<boolean> => {
  const pictures = film(codec);
  const { form } = coders[codec];
  const raw = ["-f", "rawvideo", "pipe:1"];
  const ways = {
    floor: () => ffmpeg(form, Buffer.concat(pictures), ["-f", "null", "-"]),
    single: () => pictures.forEach((picture) => ffmpeg(form, picture, raw)),
    "long-lived": async () => {
      const decoder = openKeyFrameDecoder({ processes: 1, log: noLog });
      for (const picture of pictures) await decoder.decode("camera", codec, picture);
      await decoder.close();
    },
  };
  const found = new Map<string, Cost[]>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, work] of Object.entries(ways)) found.set(name, [...(found.get(name) ?? []), await costOf(work)]);
  }
  const least = (name: keyof typeof ways): Cost =>
    (found.get(name) ?? []).reduce((one, other) => (other.children < one.children ? other : one));
  const [floor, single, lived] = [least("floor"), least("single"), least("long-lived")];
  const kilobytes = Math.round(pictures.reduce((sum, { length }) => sum + length, 0) / PICTURES / 1000);
  process.stdout.write(`\n${codec}, 1080p, ${kilobytes} KB a key frame; CPU ms a key frame, best of ${ROUNDS}\n`);
  process.stdout.write(`  one film (floor)    ${floor.children.toFixed(1)}\n`);
  process.stdout.write(`  one FFmpeg each     ${single.children.toFixed(1)}\n`);
  process.stdout.write(`  long-lived          ${lived.children.toFixed(1)}, and ${lived.own.toFixed(1)} in Node\n`);
  const [above, share] = [lived.children / floor.children, lived.children / single.children];
  process.stdout.write(`  ${above.toFixed(2)}× the floor, ${share.toFixed(2)}× of one FFmpeg each\n`);
  return above <= GATES.floor && share <= GATES.single;
};

const passed = [await measure("h264"), await measure("h265")];
if (passed.includes(false)) process.exitCode = 1;
