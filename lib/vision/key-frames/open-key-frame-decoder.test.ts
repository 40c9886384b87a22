import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { NAL, nalType, splitAnnexB, toAnnexB } from "#lib/media/h264.ts";
import { HEVC, hevcType } from "#lib/media/h265.ts";
import { createLog, noLog } from "#lib/log.ts";
import type { Codec } from "./access-unit.ts";
import { openKeyFrameDecoder, type KeyFrameDecoder, type KeyFrameDecoderOptions } from "./open-key-frame-decoder.ts";

const opened: KeyFrameDecoder[] = [];
const open = (options: Partial<KeyFrameDecoderOptions> = {}): KeyFrameDecoder => {
  const decoder = openKeyFrameDecoder({ processes: 1, log: noLog, ...options });
  opened.push(decoder);
  return decoder;
};
afterEach(async () => {
  await Promise.all(opened.splice(0).map((decoder) => decoder.close()));
  expect(children()).toEqual([]);
});

/** The FFmpeg processes that this one has started. */
const children = (): number[] =>
  readdirSync("/proc").flatMap((entry) => {
    try {
      const [, comm = "", parent] = /^\d+ \((.*)\) \w (\d+)/.exec(readFileSync(`/proc/${entry}/stat`, "utf8")) ?? [];
      return comm === "ffmpeg" && Number(parent) === process.pid ? [Number(entry)] : [];
    } catch {
      return [];
    }
  });

/** One key frame of FFmpeg's filter graph `picture`. */
const film = (codec: Codec, picture: string, how: readonly string[] = []): Buffer => {
  const coder = codec === "h264" ? ["-c:v", "libx264"] : ["-c:v", "libx265", "-x265-params", "log-level=error"];
  const form = ["-threads", "1", "-frames:v", "1", ...how, "-f", codec === "h264" ? "h264" : "hevc", "pipe:1"];
  const made = spawnSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", picture, ...coder, ...form]);
  if (made.status !== 0) throw new Error(made.stderr.toString());
  return made.stdout;
};
const detail = (size: string): string => `testsrc2=size=${size}`;
/** Red: luma 54 in BT.709's full range, 76 in BT.601's. */
const red = (size: string): string => `color=c=red:size=${size}`;
const mean = (samples: Uint8Array): number => samples.reduce((sum, one) => sum + one, 0) / samples.length;

let good: Buffer;
let goodHevc: Buffer;
beforeAll(() => {
  good = film("h264", detail("640x360"));
  goodHevc = film("h265", detail("480x272"));
});

const bt709 = ["-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p", "-colorspace", "bt709"];
const full = [
  "-vf",
  "scale=out_color_matrix=bt709:out_range=pc,format=yuvj420p",
  "-colorspace",
  "bt709",
  "-color_range",
  "pc",
];
const deep = ["-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p10", "-colorspace", "bt709"];
const wide = ["-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv422p", "-colorspace", "bt709"];
const old = ["-vf", "scale=out_color_matrix=bt601:out_range=tv,format=yuv420p", "-colorspace", "smpte170m"];

describe("a red key frame is the same full-range picture", () => {
  test.each<[string, Codec, readonly string[], number, number]>([
    ["of limited range", "h264", bt709, 54, 255],
    ["of full range", "h264", full, 54, 255],
    ["in BT.601", "h264", old, 76, 255],
    ["of 10 bits", "h264", deep, 54, 255],
    ["of 4:2:2", "h264", wide, 54, 255],
    ["of limited range", "h265", bt709, 54, 255],
    ["of full range", "h265", full, 54, 255],
    ["of 10 bits", "h265", deep, 54, 255],
  ])("%s, %s", async (_, codec, how, luma, v) => {
    const { colour, ...picture } = await open().decode("camera", codec, film(codec, red("640x360"), how));
    expect(picture).toMatchObject({ width: 640, height: 360 });
    expect(Math.abs(mean(picture.luma) - luma)).toBeLessThan(2);
    if (colour.form !== "yuv420") throw new Error("no colour");
    expect(colour.matrix).toBe(how === old ? "bt601" : "bt709");
    expect(Math.abs(mean(colour.v) - v)).toBeLessThan(3);
    expect(colour.u.length).toBe(320 * 180);
  });
});

test("a grey stream has no colour", async () => {
  const grey = film("h265", "color=c=0x646464:size=320x192", ["-vf", "format=gray"]);
  const { colour, luma } = await open().decode("camera", "h265", grey);
  expect(colour).toEqual({ form: "grey" });
  expect(Math.abs(mean(luma) - 100)).toBeLessThan(2);
});

test("one process decodes cameras of all sizes in turn, odd and cropped ones too, each as FFmpeg does it alone", async () => {
  const decoder = open();
  const sizes = ["640x360", "1920x1080", "322x182", "1280x720", "640x360", "854x480"];
  for (const size of sizes) {
    const bytes = film("h264", detail(size), ["-bf", "2", "-pix_fmt", "yuv420p"]);
    const { width, height, luma } = await decoder.decode(size, "h264", bytes);
    expect(`${width}x${height}`).toBe(size);
    const alone = spawnSync("ffmpeg", ["-v", "error", "-i", "pipe:0", "-f", "rawvideo", "pipe:1"], { input: bytes });
    const expected = alone.stdout.subarray(0, width * height);
    // 16–235 to 0–255, by the rule of the standard; what lies outside is black or white.
    const fullOf = (sample: number): number => Math.min(255, Math.max(0, ((sample - 16) * 255) / 219));
    const wrong = expected.findIndex((sample, at) => Math.abs((luma[at] ?? 0) - fullOf(sample)) > 0.51);
    expect(wrong).toBe(-1);
  }
  expect(decoder.counts()).toEqual({ decoded: sizes.length, refused: 0, skipped: 0, set_aside: 0, restarts: 0 });
});

test("both codecs side by side, each picture its own camera's", async () => {
  const decoder = open({ processes: 2 });
  const asked = Array.from({ length: 12 }, (_, index) =>
    index % 2 === 0 ? decoder.decode(`a${index}`, "h264", good) : decoder.decode(`b${index}`, "h265", goodHevc),
  );
  const widths = (await Promise.all(asked)).map(({ width }) => width);
  expect(widths).toEqual(asked.map((_, index) => (index % 2 === 0 ? 640 : 480)));
});

const only = (bytes: Buffer, keep: (nal: Uint8Array) => boolean): Buffer => toAnnexB(splitAnnexB(bytes).filter(keep));
const half = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length >> 1);
const spoilt = (bytes: Buffer): Buffer => {
  const copy = Buffer.from(bytes);
  for (let at = bytes.length >> 1; at < (bytes.length >> 1) + 400; at += 1) copy[at] = (at * 97) & 0xff;
  return copy;
};

describe("what is no whole key frame is refused by its reason, and its neighbours are decoded:", () => {
  test.each<[string, () => Buffer, Codec, string]>([
    ["nothing", () => Buffer.alloc(0), "h264", "picture.no_video"],
    ["text", () => Buffer.from("no picture at all"), "h265", "picture.no_video"],
    ["H.264 without sets", () => only(good, (nal) => nalType(nal) === NAL.idr), "h264", "picture.no_parameter_sets"],
    [
      "H.265 without sets",
      () => only(goodHevc, (nal) => hevcType(nal) < HEVC.vps),
      "h265",
      "picture.no_parameter_sets",
    ],
    ["sets alone", () => only(good, (nal) => nalType(nal) !== NAL.idr), "h264", "picture.no_key_frame"],
    ["H.265 that claims to be H.264", () => goodHevc, "h264", "picture.no_parameter_sets"],
    ["one of 16 × 16", () => film("h264", red("16x16")), "h264", "picture.too_small"],
    ["half of an H.264 picture", () => half(good), "h264", "picture.damaged"],
    ["half of an H.265 picture", () => half(goodHevc), "h265", "picture.damaged"],
    ["an H.264 picture with wrong bytes", () => spoilt(good), "h264", "picture.damaged"],
  ])("%s", async (_, make, codec, reason) => {
    const decoder = open();
    const [before, broken, after] = await Promise.allSettled([
      decoder.decode("a", "h264", good),
      decoder.decode("b", codec, make()),
      decoder.decode("c", "h264", good),
    ]);
    expect(broken).toMatchObject({ status: "rejected", reason: { code: "invalid", reason } });
    expect([before.status, after.status]).toEqual(["fulfilled", "fulfilled"]);
    expect(decoder.counts()).toMatchObject({ decoded: 2, refused: 1 });
  });

  test("a parameter set that asks for more memory than there is", async () => {
    // Baseline, 1024 × 1024 blocks of 16 × 16.
    const sps = Buffer.from("6742c033da001000008019", "hex");
    const huge = toAnnexB([sps, ...splitAnnexB(good).filter((nal) => nalType(nal) !== NAL.sps)]);
    await expect(open().decode("a", "h264", huge)).rejects.toMatchObject({ reason: "picture.too_large" });
  });
});

test("a decoder that is killed in the middle costs that picture; the next ones get a new decoder", async () => {
  const decoder = open();
  await decoder.decode("a", "h264", good);
  const [victim] = children();
  process.kill(victim ?? 0, "SIGSTOP");
  const caught = decoder.decode("b", "h264", good);
  const following = decoder.decode("c", "h264", good);
  process.kill(victim ?? 0, "SIGKILL");
  await expect(caught).rejects.toMatchObject({ code: "unavailable", reason: "decoder.died" });
  expect((await following).width).toBe(640);
  expect(decoder.counts()).toMatchObject({ decoded: 2, refused: 1, restarts: 1 });
});

test("a decoder that was killed while it was idle costs nothing", async () => {
  const decoder = open();
  await decoder.decode("a", "h264", good);
  for (const child of children()) process.kill(child, "SIGKILL");
  await expect.poll(children).toEqual([]);
  expect((await decoder.decode("b", "h264", good)).width).toBe(640);
  expect(decoder.counts()).toMatchObject({ decoded: 2, refused: 0 });
});

test("a decoder that falls silent is ended, its picture given back, and the next decoded", async () => {
  const decoder = open();
  await decoder.decode("a", "h264", good);
  for (const child of children()) process.kill(child, "SIGSTOP");
  const stuck = decoder.decode("b", "h264", good);
  const following = decoder.decode("c", "h264", good);
  await expect(stuck).rejects.toMatchObject({ code: "unavailable", reason: "decoder.silent" });
  expect((await following).width).toBe(640);
});

describe("what breaks decoders", () => {
  const openWatched = () => {
    const lines: string[] = [];
    const clock = { now: 0 };
    const log = createLog({ context: "test", write: (line) => lines.push(line) });
    const decoder = open({ log, limit_ms: 20_000, now: () => clock.now });
    return {
      clock,
      decoder,
      /** `decoded`, or why not. */
      tried: (source: string, bytes: Buffer): Promise<string> =>
        decoder.decode(source, "h264", bytes).then(
          () => "decoded",
          (error: { reason: string }) => error.reason,
        ),
      told: (what: string, source: string): number =>
        lines.filter((line) => line.includes(what) && line.includes(`"source":"${source}"`)).length,
    };
  };
  /** Another picture each time, none of them whole. */
  const broken = (at: number): Buffer => good.subarray(0, (good.length >> 1) + at);

  test("one picture that is tried three times is set aside and its camera named; the camera's others are decoded", async () => {
    const { clock, decoder, tried, told } = openWatched();
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      expect(told("again and again", "camera")).toBe(0);
      expect(await tried("camera", broken(0))).toBe("picture.damaged");
    }
    expect(told("again and again", "camera")).toBe(1);
    expect(await tried("camera", good)).toBe("decoded");
    expect(await tried("camera", broken(0))).toBe("picture.set_aside");
    expect(await tried("other", broken(0))).toBe("picture.damaged");
    expect(told("left out", "camera")).toBe(0);
    expect(decoder.counts()).toEqual({ decoded: 1, refused: 4, skipped: 0, set_aside: 1, restarts: 4 });
    // Known for ten minutes, and no longer.
    clock.now += 600_001;
    expect(await tried("camera", broken(0))).toBe("picture.damaged");
  });

  test("of a camera between whose broken pictures good ones come nothing else is left out", async () => {
    const { tried } = openWatched();
    for (let turn = 0; turn < 4; turn += 1) {
      expect(await tried("camera", broken(turn))).toBe("picture.damaged");
      expect(await tried("camera", good)).toBe("decoded");
    }
  });

  test("a camera of which three different pictures in a row break decoders is named and left out for a minute, then for two", async () => {
    const { clock, decoder, tried, told } = openWatched();
    for (let turn = 0; turn < 3; turn += 1) {
      expect(told("left out", "poison")).toBe(0);
      expect(await tried("poison", broken(turn))).toBe("picture.damaged");
      expect(await tried("neighbour", good)).toBe("decoded");
    }
    expect(told("left out", "poison")).toBe(1);
    expect(await tried("poison", good)).toBe("picture.set_aside");
    expect(decoder.counts()).toMatchObject({ restarts: 3, set_aside: 1 });
    clock.now += 60_001;
    expect(await tried("poison", broken(3))).toBe("picture.damaged");
    clock.now += 60_001;
    expect(await tried("poison", good)).toBe("picture.set_aside");
    clock.now += 60_001;
    expect(await tried("poison", good)).toBe("decoded");
    expect(await tried("poison", broken(4))).toBe("picture.damaged");
    expect(await tried("poison", good)).toBe("decoded");
  });

  /** The decoder of `bytes`, a good picture, is killed over it. */
  const killedOver = async (decoder: KeyFrameDecoder, source: string, bytes: Buffer): Promise<void> => {
    if (children().length === 0) await decoder.decode(`${source}-before`, "h264", good);
    const [victim = 0] = children();
    process.kill(victim, "SIGSTOP");
    const caught = decoder.decode(source, "h264", bytes);
    process.kill(victim, "SIGKILL");
    await expect(caught).rejects.toMatchObject({ reason: "decoder.died" });
    await expect.poll(children).toEqual([]);
  };
  const others = (): Buffer[] => ["320x240", "352x288", "400x300"].map((size) => film("h264", detail(size)));

  test("decoders that die over a camera's pictures once each say nothing of it", async () => {
    const { decoder, tried, told } = openWatched();
    for (const bytes of [...others(), good]) await killedOver(decoder, "tired", bytes);
    expect(await tried("tired", good)).toBe("decoded");
    expect(told("left out", "tired")).toBe(0);
  });

  test("one whose pictures each kill a fresh decoder again, while others are decoded, is left out", async () => {
    const { decoder, tried, told } = openWatched();
    for (const bytes of others()) {
      await killedOver(decoder, "poison", bytes);
      expect(await tried("neighbour", good)).toBe("decoded");
      await killedOver(decoder, "poison", bytes);
    }
    expect(told("left out", "poison")).toBe(1);
    expect(await tried("poison", good)).toBe("picture.set_aside");
    expect(await tried("neighbour", good)).toBe("decoded");
  });
});

test("without FFmpeg on the machine every picture is given back, and no camera is blamed", async () => {
  const decoder = open({ command: "no-such-ffmpeg", patience_ms: 50 });
  const missing = { code: "unavailable", reason: "decoder.missing" };
  await expect(decoder.decode("a", "h264", good)).rejects.toMatchObject(missing);
  await expect(decoder.decode("a", "h264", good)).rejects.toMatchObject(missing);
  // From now on it is tried less and less often.
  await expect(decoder.decode("a", "h264", good)).rejects.toMatchObject({
    code: "unavailable",
    reason: "picture.waited",
  });
});

test("of one camera the newest picture wins, and others keep their place", async () => {
  const decoder = open();
  const first = decoder.decode("first", "h264", good);
  const burst = Array.from({ length: 5 }, () => decoder.decode("busy", "h264", good));
  const quiet = decoder.decode("quiet", "h264", good);
  const outcomes = await Promise.allSettled(burst);
  expect(outcomes.map(({ status }) => status)).toEqual([...Array(4).fill("rejected"), "fulfilled"]);
  expect(outcomes[0]).toMatchObject({ reason: { code: "unavailable", reason: "picture.superseded" } });
  expect([(await first).width, (await quiet).width]).toEqual([640, 640]);
  expect(decoder.counts()).toMatchObject({ decoded: 3, skipped: 4 });
});

test("ten times more pictures than can be decoded leave the memory as it was", async () => {
  const decoder = open({ patience_ms: 60_000 });
  const large = film("h264", detail("1920x1080"), ["-pix_fmt", "yuv420p"]);
  const rounds = async (count: number): Promise<void> => {
    for (let round = 0; round < count; round += 1) {
      // Only who is not replaced is decoded: two of twenty.
      const all = Array.from({ length: 20 }, (_, at) => decoder.decode(`camera-${at % 2}`, "h264", large));
      await Promise.allSettled(all);
    }
  };
  await rounds(5);
  const before = process.memoryUsage().rss;
  await rounds(20);
  const { decoded, skipped } = decoder.counts();
  expect(skipped).toBeGreaterThan(decoded * 5);
  // 60 pictures of 3 MB went through.
  expect(process.memoryUsage().rss - before).toBeLessThan(80 * 1024 * 1024);
});

test("what waits when it is closed is given back, and no process is left", async () => {
  const decoder = open();
  const asked = ["a", "b", "c"].map((source) => decoder.decode(source, "h264", good));
  const outcomes = Promise.allSettled(asked);
  await decoder.close();
  for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { code: "unavailable" } });
  await expect(decoder.decode("d", "h264", good)).rejects.toMatchObject({ reason: "decoder.closed" });
  expect(children()).toEqual([]);
});
