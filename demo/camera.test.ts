import { execFile, execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { freePort, until } from "#test/harness/system.ts";
import { openVideoFile } from "./video-file.ts";

const folder = mkdtempSync(join(tmpdir(), "gt-camera-"));
const path = (name: string): string => join(folder, name);
const children: ChildProcess[] = [];

const film = (name: string, ...how: string[]): void => {
  const picture = ["-f", "lavfi", "-i", "testsrc2=size=321x181:rate=12.5", "-t", "2"];
  execFileSync("ffmpeg", ["-v", "error", ...picture, ...how, path(name)]);
};

beforeAll(() => {
  const even = ["-vf", "scale=320:180", "-pix_fmt", "yuv420p"];
  film("plain.mp4", ...even, "-c:v", "libx264", "-bf", "0", "-g", "12");
  film("reordered.mp4", ...even, "-c:v", "libx264", "-bf", "2");
  film("other.avi", "-c:v", "mpeg4");
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "sine=d=1", path("sound.wav")]);
  writeFileSync(path("notes.txt"), "no video at all");
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const start = (...args: string[]) => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "camera.ts"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TMPDIR: folder },
  });
  children.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += String(chunk)));
  return { child, output: () => output, ended: once(child, "close").then(([code]) => Number(code)) };
};
const streamOf = async (url: string): Promise<string> => {
  const entries = ["-v", "error", "-show_entries", "stream=codec_name,width,height", "-of", "csv=p=0"];
  return (await promisify(execFile)("ffprobe", [...entries, "-rtsp_transport", "tcp", url])).stdout.trim();
};

test("a file is served as a camera with a password, the address is printed without it, and Ctrl-C ends it", async () => {
  const port = await freePort();
  const { child, output, ended } = start(path("plain.mp4"), "--port", String(port), "--user", "gt:segredo:7");
  const url = await until("its address", 30_000, () => /rtsp:\S+/.exec(output())?.[0]);
  expect(url).toBe(`rtsp://127.0.0.1:${port}/stream`);
  expect(output()).toContain("Câmeras → Adicionar");
  expect(output()).toContain("Cameras → Add");
  expect(output()).not.toContain("segredo");
  expect(await streamOf(url.replace("//", "//gt:segredo%3A7@"))).toBe("h264,320,180");
  await expect(streamOf(url)).rejects.toThrow("401");
  child.kill("SIGINT");
  expect(await ended).toBe(0);
});

test("without a port it takes one that the local agent may dial", async () => {
  const { output } = start(path("plain.mp4"));
  const url = await until("its address", 30_000, () => /rtsp:\S+/.exec(output())?.[0]);
  const port = Number(new URL(url).port);
  expect(port).toBeGreaterThanOrEqual(18_554);
  expect(port).toBeLessThanOrEqual(18_599);
});

test.each([
  ["a file that is not there", ["nirgends.mp4"], /There is no file/],
  ["a file that is no video", ["notes.txt"], /FFmpeg cannot read/],
  ["sound alone", ["sound.wav"], /There is no video in/],
  ["a port that is none", ["plain.mp4", "--port", "99999"], /whole number from 1 to 65535/],
  ["a user without a password", ["plain.mp4", "--user", "gt"], /NAME:PASSWORD/],
] as const)("%s is answered in one sentence", async (_what, [name, ...rest], words) => {
  const { output, ended } = start(path(name), ...rest);
  expect(await ended).toBe(1);
  expect(output()).toMatch(words);
  expect(output()).not.toMatch(/\n\s+at /);
});

test("a port that is taken is said to be taken", async () => {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const { port } = holder.address() as AddressInfo;
  const { output, ended } = start(path("plain.mp4"), "--port", String(port));
  expect(await ended).toBe(1);
  expect(output()).toContain(`Port ${port} is taken`);
  await new Promise((resolve) => holder.close(resolve));
});

test("H.264 in order is copied as it is; what is not is made over once and kept by its content", async () => {
  const cache = path("cache");
  const open = async (name: string) => {
    const said: string[] = [];
    const opened = await openVideoFile({ file: path(name), cache, say: (line) => said.push(line) });
    return { ...opened, said };
  };
  const plain = await open("plain.mp4");
  expect(plain).toMatchObject({ how: "copied", width: 320, height: 180, codec: "h264" });
  expect(plain.video.fps).toBe(12.5);
  expect(plain.video.pictures).toHaveLength(25);
  const other = await open("other.avi");
  expect(other).toMatchObject({ how: "made over", codec: "mpeg4" });
  expect(other.video.pictures).toHaveLength(25);
  expect(other.said[0]).toMatch(/Making H\.264/);
  expect((await open("other.avi")).said).toEqual([]);
  expect((await open("reordered.mp4")).how).toBe("made over");
  expect(readdirSync(cache).filter((name) => name.endsWith(".part"))).toEqual([]);
});
