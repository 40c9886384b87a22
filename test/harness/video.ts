/** Real H.264, made by FFmpeg when a test asks for it: a moving test picture, closed groups of pictures, no B-frames. */
import { spawnSync } from "node:child_process";
import { NAL, nalType, splitAnnexB } from "#lib/media/h264.ts";
import { h264Packetiser, type AccessUnit } from "#lib/media/rtp.ts";

export type VideoOptions = { seconds: number; fps?: number; group?: number; size?: string };

export const testVideo = ({ seconds, fps = 25, group = 25, size = "320x180" }: VideoOptions): AccessUnit[] => {
  const made = spawnSync(
    "ffmpeg",
    [
      ["-v", "error", "-f", "lavfi", "-i", `testsrc2=size=${size}:rate=${fps}`, "-t", String(seconds)],
      [
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-tune",
        "zerolatency",
        "-threads",
        "1",
        "-x264-params",
        "slices=1:sliced-threads=0",
      ],
      ["-g", String(group), "-keyint_min", String(group), "-sc_threshold", "0", "-pix_fmt", "yuv420p"],
      ["-f", "h264", "pipe:1"],
    ].flat(),
    { maxBuffer: 256 * 1024 * 1024 },
  );
  if (made.status !== 0) throw new Error(`FFmpeg: ${made.stderr.toString()}`);
  const units: AccessUnit[] = [];
  let nals: Uint8Array[] = [];
  for (const nal of splitAnnexB(made.stdout)) {
    nals.push(nal);
    const type = nalType(nal);
    if (type !== NAL.slice && type !== NAL.idr) continue;
    const rtp_time = Math.round((units.length * 90_000) / fps);
    units.push({ nals, key: type === NAL.idr, rtp_time, damaged: false });
    nals = [];
  }
  return units;
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
