import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
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

const run = async (args: readonly string[], interrupt?: (out: string) => boolean): Promise<Ended> => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), ...args], {
    cwd: folder,
    env: { ...process.env, INIT_CWD: folder },
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    if (interrupt?.(out)) child.kill("SIGINT");
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

test("drawn pictures show box, corners and text, one file for each", async () => {
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

test("a camera: until it is interrupted, and its password is not repeated", async () => {
  const { video } = await openVideoFile({
    file: join(folder, "film.mp4"),
    cache: join(folder, "cache"),
    say: () => {},
  });
  const credentials = { username: "eye", password: "very-secret" };
  const camera = await simulateCamera({ video, port: 0, credentials });
  try {
    const address = camera.url.replace("rtsp://", "rtsp://eye:very-secret@");
    const ended = await run([address, "--json"], (out) => out.split("\n").length > 2);
    const lines = linesOf(ended);
    expect(texts(lines[0] as Line)).toEqual(["WAB1234"]);
    expect(ended.out + ended.err).not.toContain("very-secret");
    expect(ended.code).toBe(0);
  } finally {
    await camera.close();
  }
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
