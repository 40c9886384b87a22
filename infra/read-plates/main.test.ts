import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { simulateCamera } from "#demo/rtsp/camera.ts";
import { openVideoFile } from "#demo/video-file.ts";
import { drawnPng, plateScenes } from "#test/harness/drawn-plates.ts";
import { inOrder } from "./in-order.ts";
import type { Line } from "./lines.ts";
import { readOptions } from "./options.ts";

const [old, mercosul] = [plateScenes.slice(0, 1), plateScenes.slice(1, 2)];
const folder = mkdtempSync(join(tmpdir(), "gt-read-plates-"));
const pictures = join(folder, "pictures");
afterAll(() => rmSync(folder, { recursive: true }));

type Ended = { code: number | null; out: string; err: string };

type Running = { out: string; interrupt(): void; readNoMore(): void };

const run = async (args: readonly string[], watch: (running: Running) => void = () => {}): Promise<Ended> => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), ...args], {
    cwd: folder,
    env: { ...process.env, INIT_CWD: folder },
    detached: true,
  });
  let [out, err] = ["", ""];
  // As a terminal does: to the program and to all that it started.
  const interrupt = (): void => void (child.pid !== undefined && process.kill(-child.pid, "SIGINT"));
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    watch({ out, interrupt, readNoMore: () => child.stdout.destroy() });
  });
  child.stderr.on("data", (chunk: Buffer) => void (err += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, out, err };
};
const linesOf = ({ out }: Ended): Line[] =>
  out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
const texts = (line: Line): (string | null)[] => ("plates" in line ? line.plates.map(({ text }) => text) : []);

beforeAll(async () => {
  mkdirSync(join(pictures, "b"), { recursive: true });
  const png = await drawnPng(old);
  writeFileSync(join(pictures, "2.png"), png);
  writeFileSync(join(pictures, "10.png"), await sharp(png).resize(64).png().toBuffer());
  writeFileSync(
    join(pictures, "b", "called-otherwise.png"),
    await sharp(await drawnPng(mercosul))
      .jpeg()
      .toBuffer(),
  );
  writeFileSync(join(pictures, "labels.csv"), "not,a,picture");
  const film = [
    "-v",
    "error",
    "-loop",
    "1",
    "-i",
    join(pictures, "2.png"),
    "-t",
    "2",
    "-r",
    "10",
    "-pix_fmt",
    "yuv420p",
  ];
  expect(spawnSync("ffmpeg", [...film, join(folder, "film.mp4")]).status).toBe(0);
});

test("a folder: a line for each picture in order, with everything about its plates; the rest is passed over", async () => {
  const ended = await run(["pictures", "--json"]);
  const lines = linesOf(ended);
  expect(lines.map(({ file }) => file.slice(pictures.length + 1))).toEqual([
    "2.png",
    "10.png",
    "b/called-otherwise.png",
  ]);
  expect(lines.map(texts)).toEqual([["WAB1234"], [], ["XKD5F67"]]);
  expect(lines[0]).toMatchObject({
    time: null,
    width: 1280,
    height: 720,
    plates: [{ layout: "old", rows: 1, vehicle: { type: "unknown" }, alternatives: [{ text: "WAB1234" }] }],
  });
  const [plate] = lines[0] && "plates" in lines[0] ? lines[0].plates : [];
  expect(plate?.corners.length).toBe(4);
  expect(plate?.box.width).toBeGreaterThan(150);
  expect(ended.err).toContain("3 pictures, 2 plates");
  expect(ended.code).toBe(0);
});

test("what cannot be looked at has a line of its own, the next ones are read, and the exit code says so", async () => {
  writeFileSync(join(folder, "broken.jpg"), Buffer.from("ffd8ffe000104a4649460001", "hex"));
  writeFileSync(join(folder, "words.mp4"), "no film");
  const ended = await run(["broken.jpg", "words.mp4", "missing", "pictures/labels.csv", "pictures/2.png", "--json"]);
  const lines = linesOf(ended);
  expect(lines.map((line) => ("error" in line ? line.error.reason : texts(line)[0]))).toEqual([
    "picture.truncated",
    "picture.no_video",
    "file.missing",
    "picture.unsupported",
    "WAB1234",
  ]);
  expect(ended.code).toBe(1);
});

test("a video: some pictures of each second, with their position", async () => {
  const lines = linesOf(await run(["film.mp4", "--per-second", "2", "--seconds", "1", "--json"]));
  expect(lines.map(({ time }) => time)).toEqual([0, 0.5]);
  expect(lines.map(texts)).toEqual([["WAB1234"], ["WAB1234"]]);
});

test("for people: a row for each plate; what is too uncertain is left out", async () => {
  const { out } = await run(["pictures/2.png"]);
  expect(out).toMatch(/2\.png +WAB1234 +9\d\.\d % +old/);
  const strict = await run(["pictures/2.png", "--min-confidence", "1"]);
  expect(strict.out).toMatch(/2\.png +–/);
});

test("drawings: one of each picture, with something in it", async () => {
  const { code } = await run(["pictures", "--draw", "drawn", "--json"]);
  expect(code).toBe(0);
  const drawn = join(folder, "drawn");
  expect(new Set(readdirSync(drawn, { recursive: true, encoding: "utf8" }))).toEqual(
    new Set(["2.png.plates.jpg", "10.png.plates.jpg", "b", "b/called-otherwise.png.plates.jpg"]),
  );
  const before = await sharp(join(pictures, "2.png")).raw().toBuffer();
  const after = await sharp(join(drawn, "2.png.plates.jpg")).raw().toBuffer();
  const changed = after.reduce((sum, value, at) => sum + Number(Math.abs(value - (before[at] ?? 0)) > 60), 0);
  expect(changed).toBeGreaterThan(5000);
});

test("pictures of the same name in two folders have a drawing each", async () => {
  for (const [side, text] of [
    ["left", old],
    ["right", mercosul],
  ] as const) {
    mkdirSync(join(folder, side));
    writeFileSync(join(folder, side, "0001.png"), await drawnPng(text));
  }
  expect((await run(["left/0001.png", "right/0001.png", "--draw", "both"])).code).toBe(0);
  const [left, right] = ["left", "right"].map((side) =>
    readFileSync(join(folder, "both", side, "0001.png.plates.jpg")),
  );
  expect(left).not.toEqual(right);
});

test("drawings among their pictures are not read the next time", async () => {
  mkdirSync(join(folder, "own"));
  writeFileSync(join(folder, "own", "1.png"), await drawnPng(old));
  for (let time = 0; time < 2; time += 1) {
    const ended = await run(["own", "--draw", "own", "--json"]);
    expect([ended.code, linesOf(ended).length]).toEqual([0, 1]);
  }
  expect(readdirSync(join(folder, "own"))).toEqual(["1.png", "1.png.plates.jpg"]);
});

test("a place that cannot take drawings is told before anything is read", async () => {
  const place = join(folder, "pictures", "labels.csv");
  const { code, out, err } = await run(["pictures", "--draw", place]);
  expect([code, out, err]).toEqual([1, "", `--draw takes a folder, not ${place}: a file is in its place.\n`]);
});

test("what was read stands when its drawing fails, and the exit code says so", async () => {
  mkdirSync(join(folder, "taken", "2.png.plates.jpg"), { recursive: true });
  const ended = await run(["pictures/2.png", "--draw", "taken", "--json"]);
  expect(linesOf(ended).map(texts)).toEqual([["WAB1234"]]);
  expect(ended.err).toContain("2.png: its drawing could not be written (EISDIR");
  expect(ended.code).toBe(1);
});

test("a film that breaks off: what came of it, then a line that says so", async () => {
  const film = ["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=10:d=8", "-pix_fmt", "yuv420p"];
  expect(spawnSync("ffmpeg", [...film, "-movflags", "+faststart", join(folder, "whole.mp4")]).status).toBe(0);
  const whole = readFileSync(join(folder, "whole.mp4"));
  writeFileSync(join(folder, "cut.mp4"), whole.subarray(0, whole.length * 0.6));
  const [all, cut] = [await run(["whole.mp4", "--json"]), await run(["cut.mp4", "--json"])];
  expect([all.code, linesOf(all).length]).toEqual([0, 24]);
  const lines = linesOf(cut);
  expect(lines.length).toBeGreaterThan(8);
  expect(lines.slice(0, -1).every((line) => "plates" in line)).toBe(true);
  expect(lines.at(-1)).toMatchObject({
    time: lines.at(-2)?.time,
    error: {
      reason: "picture.broken_off",
      message: expect.stringMatching(/^It broke off after \d\.\d of 8\.0 s/) as unknown,
    },
  });
  expect(cut.code).toBe(1);
  const part = await run(["cut.mp4", "--json", "--seconds", "2"]);
  expect([part.code, linesOf(part).length]).toEqual([0, 6]);
});

const openCamera = async (): Promise<{ address: string; close(): Promise<void> }> => {
  const { video } = await openVideoFile({
    file: join(folder, "film.mp4"),
    cache: join(folder, "cache"),
    say: () => {},
  });
  const credentials = { username: "eye", password: "very-secret" };
  const camera = await simulateCamera({ video, port: 0, credentials });
  return { address: camera.url.replace("rtsp://", "rtsp://eye:very-secret@"), close: () => camera.close() };
};

test("a camera: until it is interrupted, and its password is not repeated", async () => {
  const { address, close } = await openCamera();
  try {
    const ended = await run([address, "--json"], ({ out, interrupt }) => {
      if (out.split("\n").length > 2) interrupt();
    });
    const lines = linesOf(ended);
    expect(texts(lines[0] as Line)).toEqual(["WAB1234"]);
    expect(lines.every((line) => "plates" in line)).toBe(true);
    expect(ended.out + ended.err).not.toContain("very-secret");
    expect(ended.code).toBe(0);
    const short = await run([address, "--json", "--seconds", "1"]);
    expect([short.code, linesOf(short).length]).toEqual([0, 3]);
  } finally {
    await close();
  }
});

test("a camera that ends by itself has broken off", async () => {
  const { address, close } = await openCamera();
  let closed: Promise<void> | undefined;
  const ended = await run([address, "--json"], ({ out }) => {
    if (out.split("\n").length > 2) closed ??= close();
  });
  await closed;
  expect(linesOf(ended).at(-1)).toMatchObject({ error: { reason: "picture.broken_off" } });
  expect(ended.out + ended.err).not.toContain("very-secret");
  expect(ended.code).toBe(1);
});

test("who reads only the first line ends it, quietly", async () => {
  const ended = await run(["film.mp4", "--json", "--per-second", "10"], ({ readNoMore }) => readNoMore());
  expect([ended.code, ended.err]).toEqual([0, ""]);
});

test("without models it says which file is missing", async () => {
  const { code, err } = await run(["pictures", "--models", "."]);
  expect([code, err]).toEqual([1, expect.stringContaining("SHA256SUMS is missing")]);
});

test("help, and one sentence for what is not understood", async () => {
  expect((await run(["--help"])).out).toContain("npm run read-plates -- FOLDER");
  expect(() => readOptions([], "/")).toThrow("Which picture");
  expect(() => readOptions(["x", "--min-confidence", "2"], "/")).toThrow("--min-confidence takes a number from 0 to 1");
  expect(readOptions(["a", "rtsp://b/c"], "/from")?.sources).toEqual(["/from/a", "rtsp://b/c"]);
});

test("work ahead keeps the order and its bounds", async () => {
  const asked: number[] = [];
  const waits: (() => void)[] = [];
  async function* given() {
    yield* [1, 2, 3];
  }
  const done = inOrder(given(), 2, (one) => {
    asked.push(one);
    return new Promise<number>((resolve) => waits.push(() => resolve(one)));
  });
  const first = done.next();
  await Promise.resolve();
  while (waits.length < 2) await Promise.resolve();
  expect(asked).toEqual([1, 2]);
  waits[1]?.();
  waits[0]?.();
  expect((await first).value).toBe(1);
});
