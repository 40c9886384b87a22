import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { NAL, nalType, splitAnnexB } from "#lib/media/h264.ts";
import { repeatedPictures } from "./repeated-pictures.ts";

/** Key frames of an encoder that is given these pictures, as they come from a camera: one a second. */
const keyFrames = (source: string, seconds: number, ...how: string[]): Buffer[] => {
  const input = ["-v", "error", "-f", "lavfi", "-i", source, "-t", String(seconds)];
  const codec = [
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-bf",
    "0",
    "-g",
    "5",
    "-threads",
    "1",
    "-pix_fmt",
    "yuv420p",
  ];
  const made = spawnSync("ffmpeg", [...input, ...codec, ...how, "-f", "h264", "pipe:1"], { maxBuffer: 1e8 });
  expect(made.stderr.toString()).toBe("");
  return splitAnnexB(made.stdout).flatMap((nal) => {
    if (nalType(nal) !== NAL.idr) return [];
    const length = Buffer.alloc(4);
    length.writeUInt32BE(nal.length);
    return [Buffer.concat([length, nal])];
  });
};
/** After how many seconds it is said, one key frame a second; `null`: never. */
const saidAfter = (frames: readonly Buffer[], every_ms = 1000): number | null => {
  const pictures = repeatedPictures();
  for (const [index, frame] of frames.entries()) {
    pictures.keyFrame(frame, index * every_ms);
    if (pictures.repeating(index * every_ms)) return (index * every_ms) / 1000;
  }
  return null;
};

const STREET = "testsrc2=size=320x180:rate=5";
const still = `${STREET},trim=end_frame=1,loop=loop=1000:size=1`;
const quality = ["-qp", "26"];

describe("a camera repeats itself", () => {
  test("whose key frames are the same bytes for 15 s", () => {
    const [one = Buffer.alloc(0), other = Buffer.alloc(0)] = keyFrames(STREET, 2, ...quality);
    expect(saidAfter(Array.from({ length: 30 }, () => one))).toBe(16);
    expect(saidAfter([other, ...Array.from({ length: 14 }, () => one), other, other])).toBeNull();
  });

  test.each(["baseline", "main"])("whose sensor hangs before an encoder of the profile %s", (profile) => {
    const frames = keyFrames(still, 40, "-profile:v", profile, ...quality);
    const identical = frames.slice(1).filter((frame, index) => frame.equals(frames[index] ?? frame));
    // What makes it worth the trouble: no two that follow each other are byte by byte the same.
    expect(identical).toEqual([]);
    expect(saidAfter(frames)).toBeLessThan(25);
  });

  test("not after two or three key frames, however far apart they are", () => {
    const [one = Buffer.alloc(0)] = keyFrames(STREET, 1, ...quality);
    expect(saidAfter([one, one, one], 20_000)).toBeNull();
    expect(saidAfter([one, one, one, one], 20_000)).toBe(60);
  });

  test("no longer once a new picture comes, at once", () => {
    const [one = Buffer.alloc(0), other = Buffer.alloc(0)] = keyFrames(STREET, 2, ...quality);
    const pictures = repeatedPictures();
    for (let second = 0; second < 30; second += 1) pictures.keyFrame(one, second * 1000);
    expect(pictures.repeating(30_000)).toBe(true);
    pictures.keyFrame(other, 31_000);
    expect(pictures.repeating(31_000)).toBe(false);
  });
});

describe("it is not said of", () => {
  test("a scene in which nothing moves, seen by a sensor with little noise", () => {
    const frames = keyFrames(`${still},noise=alls=2:allf=t`, 60, ...quality);
    expect(saidAfter(frames)).toBeNull();
  });

  test("a scene of which only the camera's clock changes", () => {
    const digit = "color=white:size=4x8:rate=5[digit];[scene][digit]overlay=x='8+2*floor(n/5)':y=8";
    expect(saidAfter(keyFrames(`${still}[scene];${digit}`, 60, ...quality))).toBeNull();
  });

  test("two pictures in turn: a short loop of moving pictures", () => {
    const [one = Buffer.alloc(0), other = Buffer.alloc(0)] = keyFrames(STREET, 2, ...quality);
    expect(saidAfter(Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? one : other)))).toBeNull();
  });
});
