/** Real H.264, made by FFmpeg when a test asks for it: a moving test picture, closed groups of pictures. */
import { spawnSync } from "node:child_process";
import { NAL, nalType, splitAnnexB } from "#lib/media/h264.ts";
import { h264Packetiser, type AccessUnit } from "#lib/media/rtp.ts";

/** `b_frames`: so many between two others; pictures then come in another order than they are shown. Default 0. */
export type VideoOptions = { seconds: number; fps?: number; group?: number; size?: string; b_frames?: number };

/** In the order of sending; the times are those of showing, and the first picture's is 0. */
export const testVideo = ({ fps = 25, b_frames = 0, ...options }: VideoOptions): AccessUnit[] => {
  const step = 90_000 / fps;
  if (b_frames === 0) {
    const pictures = picturesOf(encode({ ...options, fps }, ["-tune", "zerolatency", "-f", "h264"]));
    return pictures.map((picture, index) => ({ ...picture, rtp_time: Math.round(index * step) }));
  }
  const made = encode({ ...options, fps }, ["-bf", String(b_frames), "-f", "matroska"]);
  const copied = (format: string): Buffer => ffmpeg(["-i", "pipe:0", "-c", "copy", "-f", format, "pipe:1"], made);
  const shown_ms = copied("framecrc")
    .toString()
    .split("\n")
    .flatMap((line) => (line === "" || line.startsWith("#") ? [] : [Number(line.split(",")[2])]));
  const shownAt = (index: number): number => Math.round((((shown_ms[index] ?? 0) - (shown_ms[0] ?? 0)) * fps) / 1000);
  return picturesOf(copied("h264")).map((picture, index) => ({
    ...picture,
    rtp_time: Math.round(shownAt(index) * step),
  }));
};

const encode = (
  { seconds, fps, group = 25, size = "320x180" }: Omit<VideoOptions, "b_frames"> & { fps: number },
  how: readonly string[],
): Buffer =>
  ffmpeg(
    [
      ["-f", "lavfi", "-i", `testsrc2=size=${size}:rate=${fps}`, "-t", String(seconds)],
      ["-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", "-pix_fmt", "yuv420p"],
      ["-x264-params", "slices=1:sliced-threads=0:b-adapt=0"],
      ["-g", String(group), "-keyint_min", String(group), "-sc_threshold", "0", ...how, "pipe:1"],
    ].flat(),
  );

const ffmpeg = (args: readonly string[], input?: Buffer): Buffer => {
  const made = spawnSync("ffmpeg", ["-v", "error", ...args], { maxBuffer: 256 * 1024 * 1024, input });
  if (made.status !== 0) throw new Error(`FFmpeg: ${made.stderr.toString()}`);
  return made.stdout;
};

const picturesOf = (annex_b: Buffer): Omit<AccessUnit, "rtp_time">[] => {
  const pictures: Omit<AccessUnit, "rtp_time">[] = [];
  let nals: Uint8Array[] = [];
  for (const nal of splitAnnexB(annex_b)) {
    nals.push(nal);
    const type = nalType(nal);
    if (type !== NAL.slice && type !== NAL.idr) continue;
    pictures.push({ nals, key: type === NAL.idr, damaged: false });
    nals = [];
  }
  return pictures;
};

/** Interleaved frames of pictures as a camera sends them, head of four bytes included. */
export const framesOf = (units: readonly AccessUnit[], first_rtp_time = 0): Buffer[][] => {
  const packetiser = h264Packetiser(0x1234);
  return units.map((unit) =>
    packetiser.packets(unit.nals, (unit.rtp_time + first_rtp_time) >>> 0).map((packet) => {
      const head = Buffer.from([0x24, 0, packet.length >> 8, packet.length & 0xff]);
      return Buffer.concat([head, packet]);
    }),
  );
};
